// Programs, each with the requisition template that v3 wants its requisitions to have and v2 does not know.
import { definePipeline, source, target } from '../definition.ts';
import { instantOf } from '../steps/timestamp.ts';

export const programs = definePipeline({
  name: 'programs',
  summary: 'Health programs, and one requisition template for each.',
  root: source('public.programs', {
    columns: [
      'id',
      'code',
      'name',
      'description',
      'active',
      'enableskipperiod',
      'shownonfullsupplytab',
      'createddate',
      'modifieddate',
    ],
  }),
  owns: {
    programs: target('referencedata.programs', { key: ['id'], adoptable: true }),
    templates: target('requisition.requisition_templates', { key: ['id'] }),
    assignments: target('requisition.requisition_template_assignments', { key: ['id'] }),
  },
  derive(program, { id }) {
    const programId = id('programs', program.id);
    const templateId = id('programs', program.id, 'requisition_template');
    return {
      programs: [
        {
          id: programId,
          code: program.code,
          name: program.name,
          description: program.description,
          active: program.active,
          periodsskippable: program.enableskipperiod,
          shownonfullsupplytab: program.shownonfullsupplytab,
          enabledatephysicalstockcountcompleted: false, // v2 does not ask for that date
          skipauthorization: false, // every v2 requisition is authorized
        },
      ],
      // v3's application maps these columns to primitives: a NULL among them and it cannot load a requisition.
      templates: [
        {
          id: templateId,
          createddate: instantOf(program.createddate),
          modifieddate: instantOf(program.modifieddate),
          name: `eLMIS ${program.code}`, // v3 wants it unique ignoring case: v2's codes are so, its names are not
          numberofperiodstoaverage: 3, // v3 asks for 2 or more; v2's averages are copied, never computed again
          populatestockonhandfromstockcards: false,
          archived: false,
          rejectionreasonwindowvisible: false,
          requisitionreportingonly: false,
          patientstabenabled: false,
          enableavgconsumptionforcurrentperiod: false,
        },
      ],
      assignments: [
        {
          id: id('programs', program.id, 'requisition_template_assignment'),
          programid: programId,
          facilitytypeid: null, // for every type of facility
          templateid: templateId,
          requisitionreportonly: false,
        },
      ],
    };
  },
});
