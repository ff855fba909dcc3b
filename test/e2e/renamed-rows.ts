// Rows of the demo data that the tests rename in v2, and their names as v3's readers see them.
import { idOf } from '../../model/ids.ts';
import { v2, v3 } from './system.ts';

/** The product that was made last. */
export async function productId(): Promise<number> {
  return (await v2<{ id: number }>('SELECT max(id) AS id FROM products'))[0]?.id as number;
}

export async function renameProduct(name: string): Promise<void> {
  await v2('UPDATE products SET primaryname = $2 WHERE id = $1', [await productId(), name]);
}

export async function productName(): Promise<string | undefined> {
  return nameOf('SELECT fullproductname AS name FROM referencedata.orderables WHERE id = $1', [
    'products',
    await productId(),
  ]);
}

/** The facility operator that was made first. */
export async function operatorId(): Promise<number> {
  return (await v2<{ id: number }>('SELECT min(id) AS id FROM facility_operators'))[0]?.id as number;
}

export async function renameOperator(operator: number, text: string): Promise<void> {
  await v2('UPDATE facility_operators SET text = $2 WHERE id = $1', [operator, text]);
}

export async function operatorName(operator: number): Promise<string | undefined> {
  return nameOf('SELECT name FROM referencedata.facility_operators WHERE id = $1', ['facility_operators', operator]);
}

/** The product category that was made first. */
export async function categoryId(): Promise<number> {
  return (await v2<{ id: number }>('SELECT min(id) AS id FROM product_categories'))[0]?.id as number;
}

export async function renameCategory(category: number, name: string): Promise<void> {
  await v2('UPDATE product_categories SET name = $2 WHERE id = $1', [category, name]);
}

export async function categoryName(category: number): Promise<string | undefined> {
  return nameOf('SELECT displayname AS name FROM referencedata.orderable_display_categories WHERE id = $1', [
    'product_categories',
    category,
  ]);
}

/** Undefined when v3 has no such row. */
async function nameOf(sql: string, [table, key]: readonly [table: string, key: number]): Promise<string | undefined> {
  return (await v3<{ name: string }>(sql, [idOf(table, String(key))]))[0]?.name;
}
