// Products. What v2 keeps in one row is five in v3: what is dispensed, its unit, what is ordered, what is traded, and
// the link between the last two.
import { definePipeline, one, source, target } from '../definition.ts';
import { extraData } from '../steps/extra-data.ts';
import { fullName } from '../steps/full-name.ts';
import { lastChange } from '../steps/last-change.ts';

/** v3's reports join to the newest version only: a second one would take the product from all older lines. */
export const ORDERABLE_VERSION = 1;

export const products = definePipeline({
  name: 'products',
  summary: 'Products: orderables with their dispensables and trade items.',
  root: source('public.products', {
    columns: [
      'id',
      'code',
      'alternateitemcode',
      'manufacturer',
      'manufacturercode',
      'manufacturerbarcode',
      'mohbarcode',
      'gtin',
      'type',
      'primaryname',
      'genericname',
      'alternatename',
      'description',
      'strength',
      'dispensingunit',
      'dosesperdispensingunit',
      'packsize',
      'alternatepacksize',
      'storerefrigerated',
      'storeroomtemperature',
      'hazardous',
      'flammable',
      'controlledsubstance',
      'lightsensitive',
      'approvedbywho',
      'contraceptivecyp',
      'packlength',
      'packwidth',
      'packheight',
      'packweight',
      'packspercarton',
      'cartonlength',
      'cartonwidth',
      'cartonheight',
      'cartonsperpallet',
      'expectedshelflife',
      'specialstorageinstructions',
      'specialtransportinstructions',
      'active',
      'fullsupply',
      'tracer',
      'roundtozero',
      'archived',
      'packroundingthreshold',
      'createddate',
      'modifieddate',
      'mslpacksize',
    ],
    joins: {
      form: one('public.product_forms', { on: { id: 'formid' }, columns: ['code'] }),
      dosageUnit: one('public.dosage_units', { on: { id: 'dosageunitid' }, columns: ['code'] }),
    },
  }),
  owns: {
    dispensables: target('referencedata.dispensables', { key: ['id'] }),
    dispensableAttributes: target('referencedata.dispensable_attributes', { key: ['dispensableid', 'key'] }),
    orderables: target('referencedata.orderables', { key: ['id', 'versionnumber'] }),
    tradeItems: target('referencedata.trade_items', { key: ['id'] }),
    identifiers: target('referencedata.orderable_identifiers', {
      key: ['orderableid', 'orderableversionnumber', 'key'],
    }),
  },
  derive(product, { id, loss }) {
    const orderableId = id('products', product.id);
    const dispensableId = id('products', product.id, 'dispensable');
    const tradeItemId = id('products', product.id, 'trade_item');
    if (product.gtin !== null) loss('VALUE_WITHOUT_HOME', 'trade_items.gtin');
    return {
      dispensables: [{ id: dispensableId, type: 'default' }],
      dispensableAttributes: [{ dispensableid: dispensableId, key: 'dispensingUnit', value: product.dispensingunit }],
      orderables: [
        {
          id: orderableId,
          versionnumber: ORDERABLE_VERSION,
          code: product.code,
          fullproductname: fullName({
            primaryName: product.primaryname,
            form: product.form?.code,
            strength: product.strength,
            dosageUnit: product.dosageUnit?.code,
          }),
          description: product.description,
          netcontent: product.packsize,
          packroundingthreshold: product.packroundingthreshold,
          roundtozero: product.roundtozero,
          dispensableid: dispensableId,
          lastupdated: lastChange(product),
          extradata: extraData({
            tracer: product.tracer, // v2's reports call it the indicator product
            active: product.active, // v3 knows it per program only (program_orderables)
            archived: product.archived,
            fullsupply: product.fullsupply,
            type: product.type,
            dosesperdispensingunit: product.dosesperdispensingunit,
            alternatepacksize: product.alternatepacksize,
            mslpacksize: product.mslpacksize,
            genericname: product.genericname,
            alternatename: product.alternatename,
            alternateitemcode: product.alternateitemcode,
            gtin: product.gtin,
            manufacturercode: product.manufacturercode,
            manufacturerbarcode: product.manufacturerbarcode,
            mohbarcode: product.mohbarcode,
            storerefrigerated: product.storerefrigerated,
            storeroomtemperature: product.storeroomtemperature,
            hazardous: product.hazardous,
            flammable: product.flammable,
            controlledsubstance: product.controlledsubstance,
            lightsensitive: product.lightsensitive,
            approvedbywho: product.approvedbywho,
            contraceptivecyp: product.contraceptivecyp,
            packlength: product.packlength,
            packwidth: product.packwidth,
            packheight: product.packheight,
            packweight: product.packweight,
            packspercarton: product.packspercarton,
            cartonlength: product.cartonlength,
            cartonwidth: product.cartonwidth,
            cartonheight: product.cartonheight,
            cartonsperpallet: product.cartonsperpallet,
            expectedshelflife: product.expectedshelflife,
            specialstorageinstructions: product.specialstorageinstructions,
            specialtransportinstructions: product.specialtransportinstructions,
          }),
        },
      ],
      tradeItems: [
        {
          id: tradeItemId,
          manufactureroftradeitem: product.manufacturer ?? 'unknown',
          // v3 wants it unique; v2's is free text with repetitions, and one row cannot see another's. It is in extradata.
          gtin: null,
        },
      ],
      identifiers: [
        { key: 'tradeItem', value: tradeItemId, orderableid: orderableId, orderableversionnumber: ORDERABLE_VERSION },
      ],
    };
  },
});
