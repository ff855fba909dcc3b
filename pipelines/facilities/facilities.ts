// Facilities, with the programs that they support.
import { definePipeline, many, references, source, target } from '../definition.ts';
import { extraData } from '../steps/extra-data.ts';
import { dayOf } from '../steps/timestamp.ts';
import { location } from './location.ts';

export const facilities = definePipeline({
  name: 'facilities',
  summary: 'Facilities, and the programs that each supports.',
  root: source('public.facilities', {
    columns: [
      'id',
      'code',
      'name',
      'description',
      'gln',
      'mainphone',
      'fax',
      'address1',
      'address2',
      'geographiczoneid',
      'typeid',
      'catchmentpopulation',
      'latitude',
      'longitude',
      'altitude',
      'operatedbyid',
      'coldstoragegrosscapacity',
      'coldstoragenetcapacity',
      'suppliesothers',
      'sdp',
      'online',
      'satellite',
      'parentfacilityid',
      'haselectricity',
      'haselectronicscc',
      'haselectronicdar',
      'active',
      'golivedate',
      'godowndate',
      'comment',
      'enabled',
      'virtualfacility',
      'pricescheduleid',
    ],
    joins: {
      supported: many('public.programs_supported', {
        on: { facilityid: 'id' },
        columns: ['programid', 'active', 'startdate'],
      }),
    },
  }),
  owns: {
    facilities: target('referencedata.facilities', {
      key: ['id'],
      adoptable: true,
      references: [
        references('geographiczoneid', 'referencedata.geographic_zones'),
        references('typeid', 'referencedata.facility_types'),
        references('operatedbyid', 'referencedata.facility_operators'),
      ],
    }),
    supportedPrograms: target('referencedata.supported_programs', {
      key: ['facilityid', 'programid'],
      references: [references('programid', 'referencedata.programs')],
    }),
  },
  derive(facility, context) {
    const { id } = context;
    const facilityId = id('facilities', facility.id);
    return {
      facilities: [
        {
          id: facilityId,
          code: facility.code,
          name: facility.name,
          description: facility.description,
          comment: facility.comment,
          active: facility.active,
          enabled: facility.enabled,
          openlmisaccessible: facility.online,
          golivedate: facility.golivedate,
          godowndate: facility.godowndate,
          geographiczoneid: id('geographic_zones', facility.geographiczoneid),
          typeid: id('facility_types', facility.typeid),
          operatedbyid: facility.operatedbyid === null ? null : id('facility_operators', facility.operatedbyid),
          location: location(facility, context),
          extradata: extraData({
            gln: facility.gln,
            mainphone: facility.mainphone,
            fax: facility.fax,
            address1: facility.address1,
            address2: facility.address2,
            catchmentpopulation: facility.catchmentpopulation,
            altitude: facility.altitude,
            coldstoragegrosscapacity: facility.coldstoragegrosscapacity,
            coldstoragenetcapacity: facility.coldstoragenetcapacity,
            suppliesothers: facility.suppliesothers,
            sdp: facility.sdp,
            satellite: facility.satellite,
            virtualfacility: facility.virtualfacility,
            // As v3 knows it: nobody looks up a v2 number there.
            parentfacilityid: facility.parentfacilityid === null ? null : id('facilities', facility.parentfacilityid),
            haselectricity: facility.haselectricity,
            haselectronicscc: facility.haselectronicscc,
            haselectronicdar: facility.haselectronicdar,
            pricescheduleid: facility.pricescheduleid,
          }),
        },
      ],
      supportedPrograms: facility.supported.map((support) => ({
        facilityid: facilityId,
        programid: id('programs', support.programid),
        active: support.active,
        startdate: dayOf(support.startdate),
        locallyfulfilled: false, // v2's facilities order from MSD
      })),
    };
  },
});
