// All that the simulator can do, by name.
import { facilityOperations } from './facility-operations.ts';
import { orderOperations } from './order-operations.ts';
import { peopleOperations } from './people-operations.ts';
import { productOperations } from './product-operations.ts';
import { requisitionOperations } from './requisition-operations.ts';
import type { Operation } from './session.ts';
import { stockOperations } from './stock-operations.ts';
import { supervisionOperations } from './supervision-operations.ts';
import { transactionOperations } from './transaction-operations.ts';

const all = {
  ...requisitionOperations,
  ...orderOperations,
  ...productOperations,
  ...facilityOperations,
  ...supervisionOperations,
  ...peopleOperations,
  ...transactionOperations,
  ...stockOperations,
};

export type OperationName = keyof typeof all;

export const operations: Readonly<Record<OperationName, Operation>> = all;

export const operationNames = Object.keys(all) as readonly OperationName[];
