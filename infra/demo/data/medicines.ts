// Some 250 products of Tanzania's four programs, made from a list of medicines and supplies with their forms and strengths.

type ProgramCode = 'ils' | 'arv' | 'tb' | 'lab';

export interface Medicine {
  readonly name: string;
  readonly form: string;
  /** At most 14 characters. */
  readonly strength: string;
  readonly unit: string;
  readonly dispensingUnit: string;
  readonly category: string;
  readonly programs: readonly ProgramCode[];
}

/** name | category | form | dispensing unit | strengths with their units | programs */
const list = `
Amoxicillin|Antibiotics|Caps|1000 CAP|250 mg,500 mg|ils
Amoxicillin suspension|Antibiotics|Susp|Bottle|125 mg/5ml,250 mg/5ml|ils
Ampicillin|Antibiotics|Inj|Vial|500 mg,1 g|ils
Azithromycin|Antibiotics|Tab|3 TAB|250 mg,500 mg|ils
Benzathine penicillin|Antibiotics|Inj|Vial|1.2 MIU,2.4 MIU|ils
Benzyl penicillin|Antibiotics|Inj|Vial|1 MIU,5 MIU|ils
Ceftriaxone|Antibiotics|Inj|Vial|250 mg,500 mg,1 g|ils
Ciprofloxacin|Antibiotics|Tab|100 TAB|250 mg,500 mg|ils
Cloxacillin|Antibiotics|Caps|1000 CAP|250 mg,500 mg|ils
Co-trimoxazole|Antibiotics|Tab|1000 TAB|120 mg,480 mg,960 mg|ils,arv
Doxycycline|Antibiotics|Caps|1000 CAP|100 mg|ils
Erythromycin|Antibiotics|Tab|1000 TAB|250 mg,500 mg|ils
Gentamicin|Antibiotics|Inj|Ampoule|20 mg/2ml,80 mg/2ml|ils
Metronidazole|Antibiotics|Tab|1000 TAB|200 mg,250 mg,400 mg|ils
Nitrofurantoin|Antibiotics|Tab|100 TAB|50 mg,100 mg|ils
Artemether/Lumefantrine|Antimalarials|Tab|30 Blister|20/120 mg 6,20/120 mg 12,20/120 mg 18,20/120 mg 24|ils
Artesunate|Antimalarials|Inj|Vial|30 mg,60 mg,120 mg|ils
Quinine|Antimalarials|Tab|1000 TAB|200 mg,300 mg|ils
Quinine dihydrochloride|Antimalarials|Inj|Ampoule|300 mg/ml|ils
Sulfadoxine/Pyrimethamine|Antimalarials|Tab|1000 TAB|525 mg|ils
Malaria rapid test|Antimalarials|Kit|25 TEST|1 test|ils,lab
Paracetamol|Pain|Tab|1000 TAB|100 mg,500 mg|ils
Paracetamol syrup|Pain|Syr|Bottle|120 mg/5ml|ils
Ibuprofen|Pain|Tab|1000 TAB|200 mg,400 mg|ils
Diclofenac|Pain|Tab|100 TAB|50 mg,100 mg|ils
Diclofenac injection|Pain|Inj|Ampoule|75 mg/3ml|ils
Aspirin|Pain|Tab|1000 TAB|75 mg,300 mg|ils
Morphine|Pain|Syr|Bottle|10 mg/5ml|ils
Pethidine|Pain|Inj|Ampoule|50 mg,100 mg|ils
Tramadol|Pain|Caps|100 CAP|50 mg|ils
Albendazole|Antiparasitics|Tab|100 TAB|200 mg,400 mg|ils
Mebendazole|Antiparasitics|Tab|1000 TAB|100 mg,500 mg|ils
Praziquantel|Antiparasitics|Tab|500 TAB|600 mg|ils
Ivermectin|Antiparasitics|Tab|500 TAB|3 mg,6 mg|ils
Atenolol|Chronic|Tab|1000 TAB|50 mg,100 mg|ils
Captopril|Chronic|Tab|100 TAB|12.5 mg,25 mg|ils
Furosemide|Chronic|Tab|1000 TAB|20 mg,40 mg|ils
Glibenclamide|Chronic|Tab|1000 TAB|2.5 mg,5 mg|ils
Hydrochlorothiazide|Chronic|Tab|1000 TAB|12.5 mg,25 mg|ils
Insulin soluble|Chronic|Inj|Vial|100 IU/ml|ils
Insulin lente|Chronic|Inj|Vial|100 IU/ml|ils
Metformin|Chronic|Tab|1000 TAB|500 mg,850 mg|ils
Methyldopa|Chronic|Tab|1000 TAB|250 mg|ils
Nifedipine|Chronic|Tab|100 TAB|10 mg,20 mg|ils
Propranolol|Chronic|Tab|1000 TAB|40 mg,80 mg|ils
Salbutamol|Chronic|Tab|1000 TAB|2 mg,4 mg|ils
Salbutamol inhaler|Chronic|Inh|Piece|100 mcg|ils
Aminophylline|Chronic|Inj|Ampoule|25 mg/ml|ils
Carbamazepine|Mental health|Tab|1000 TAB|100 mg,200 mg|ils
Phenobarbital|Mental health|Tab|1000 TAB|30 mg,100 mg|ils
Phenytoin|Mental health|Tab|1000 TAB|50 mg,100 mg|ils
Chlorpromazine|Mental health|Tab|1000 TAB|25 mg,100 mg|ils
Diazepam|Mental health|Tab|1000 TAB|5 mg,10 mg|ils
Haloperidol|Mental health|Tab|1000 TAB|1.5 mg,5 mg|ils
Amitriptyline|Mental health|Tab|1000 TAB|10 mg,25 mg|ils
Ferrous sulphate|Mother and child|Tab|1000 TAB|200 mg|ils
Folic acid|Mother and child|Tab|1000 TAB|1 mg,5 mg|ils
Ferrous/Folic acid|Mother and child|Tab|1000 TAB|200 mg/0.25|ils
Magnesium sulphate|Mother and child|Inj|Ampoule|500 mg/ml|ils
Oxytocin|Mother and child|Inj|Ampoule|5 IU/ml,10 IU/ml|ils
Ergometrine|Mother and child|Inj|Ampoule|0.5 mg/ml|ils
Misoprostol|Mother and child|Tab|28 TAB|200 mcg|ils
Oral rehydration salts|Mother and child|Sach|100 SACHET|20.5 g|ils
Zinc sulphate|Mother and child|Tab|100 TAB|10 mg,20 mg|ils
Vitamin A|Mother and child|Caps|500 CAP|100000 IU,200000 IU|ils
Vitamin K|Mother and child|Inj|Ampoule|1 mg/ml,10 mg/ml|ils
Depo-Provera|Family planning|Inj|Vial|150 mg/ml|ils
Combined oral pill|Family planning|Tab|Cycle|0.15/0.03 mg|ils
Progestin-only pill|Family planning|Tab|Cycle|0.03 mg|ils
Implant|Family planning|Piece|Piece|68 mg,150 mg|ils
Male condom|Family planning|Piece|100 PIECE|53 mm|ils,arv
Female condom|Family planning|Piece|100 PIECE|one size|ils
Copper IUD|Family planning|Piece|Piece|380A|ils
Dextrose|Fluids|Inf|Bottle|5% 500 ml,10% 500 ml,50% 50 ml|ils
Ringer lactate|Fluids|Inf|Bottle|500 ml,1000 ml|ils
Sodium chloride|Fluids|Inf|Bottle|0.9% 500 ml,0.9% 1000 ml|ils
Water for injection|Fluids|Inj|Ampoule|5 ml,10 ml|ils
Lidocaine|Anaesthesia|Inj|Vial|1%,2%|ils
Ketamine|Anaesthesia|Inj|Vial|50 mg/ml|ils
Thiopental|Anaesthesia|Inj|Vial|500 mg,1 g|ils
Halothane|Anaesthesia|Inh|Bottle|250 ml|ils
Atropine|Anaesthesia|Inj|Ampoule|1 mg/ml|ils
Adrenaline|Anaesthesia|Inj|Ampoule|1 mg/ml|ils
Hydrocortisone|Hormones|Inj|Vial|100 mg|ils
Prednisolone|Hormones|Tab|1000 TAB|5 mg|ils
Dexamethasone|Hormones|Inj|Ampoule|4 mg/ml|ils
Promethazine|Hormones|Tab|1000 TAB|25 mg|ils
Tetracycline eye ointment|Eye and skin|Oint|Tube|1%|ils
Chloramphenicol eye drops|Eye and skin|Drops|Bottle|0.5%|ils
Clotrimazole|Eye and skin|Cream|Tube|1%|ils
Clotrimazole pessary|Eye and skin|Pess|6 PESS|100 mg,500 mg|ils
Benzyl benzoate|Eye and skin|Lot|Bottle|25%|ils
Silver sulfadiazine|Eye and skin|Cream|Tube|1%|ils
Gloves|Supplies|Piece|100 PIECE|small,medium,large|ils,lab
Surgical gloves|Supplies|Pair|50 PAIR|6.5,7.0,7.5,8.0|ils
Syringe with needle|Supplies|Piece|100 PIECE|2 ml,5 ml,10 ml,20 ml|ils
Cannula|Supplies|Piece|50 PIECE|18 G,20 G,22 G,24 G|ils
Gauze|Supplies|Roll|Roll|90 cm x 91 m|ils
Cotton wool|Supplies|Roll|Roll|500 g|ils
Bandage|Supplies|Roll|12 ROLL|7.5 cm,10 cm,15 cm|ils
Plaster adhesive|Supplies|Roll|Roll|7.5 cm x 4.5 m|ils
Catgut chromic|Supplies|Piece|12 PIECE|0,1,2|ils
Giving set|Supplies|Piece|25 PIECE|adult,child|ils
Urine bag|Supplies|Piece|Piece|2000 ml|ils
Foley catheter|Supplies|Piece|10 PIECE|14 FG,16 FG,18 FG|ils
Chlorhexidine|Antiseptics|Sol|Bottle|1.5% 5 l,4% gel|ils
Povidone iodine|Antiseptics|Sol|Bottle|10%|ils
Hydrogen peroxide|Antiseptics|Sol|Bottle|6%|ils
Methylated spirit|Antiseptics|Sol|Bottle|5 l|ils
Tenofovir/Lamivudine/Dolutegravir|ARV adult|Tab|30 TAB|300/300/50 mg,300/300/50 90|arv
Tenofovir/Lamivudine/Efavirenz|ARV adult|Tab|30 TAB|300/300/600,300/300/400|arv
Tenofovir/Emtricitabine|ARV adult|Tab|30 TAB|300/200 mg|arv
Zidovudine/Lamivudine|ARV adult|Tab|60 TAB|300/150 mg,60/30 mg|arv
Zidovudine/Lamivudine/Nevirapine|ARV adult|Tab|60 TAB|300/150/200,60/30/50|arv
Abacavir/Lamivudine|ARV child|Tab|30 TAB|60/30 mg,120/60 mg,600/300 mg|arv
Abacavir/Lamivudine/Dolutegravir|ARV child|Tab|90 TAB|60/30/5 mg|arv
Lopinavir/Ritonavir|ARV child|Tab|120 TAB|100/25 mg,200/50 mg|arv
Lopinavir/Ritonavir granules|ARV child|Sach|120 SACHET|40/10 mg|arv
Atazanavir/Ritonavir|ARV adult|Tab|30 TAB|300/100 mg|arv
Nevirapine|ARV child|Susp|Bottle|50 mg/5ml|arv
Efavirenz|ARV adult|Tab|30 TAB|200 mg,600 mg|arv
Dolutegravir|ARV adult|Tab|30 TAB|10 mg,50 mg|arv
Raltegravir|ARV adult|Tab|60 TAB|25 mg,400 mg|arv
Darunavir|ARV adult|Tab|60 TAB|75 mg,600 mg|arv
Ritonavir|ARV adult|Tab|60 TAB|25 mg,100 mg|arv
Fluconazole|Opportunistic|Caps|100 CAP|50 mg,150 mg,200 mg|arv,ils
Acyclovir|Opportunistic|Tab|100 TAB|200 mg,400 mg|arv,ils
Amphotericin B|Opportunistic|Inj|Vial|50 mg|arv
Flucytosine|Opportunistic|Tab|100 TAB|500 mg|arv
Dapsone|Opportunistic|Tab|1000 TAB|50 mg,100 mg|arv
Pyridoxine|Opportunistic|Tab|1000 TAB|25 mg,50 mg|arv,tb
Isoniazid|TB|Tab|672 TAB|100 mg,300 mg|tb,arv
Rifampicin/Isoniazid|TB|Tab|672 TAB|150/75 mg,75/50 mg|tb
RHZE|TB|Tab|672 TAB|150/75/400/275|tb
RHZ paediatric|TB|Tab|84 TAB|75/50/150 mg|tb
Rifapentine/Isoniazid|TB|Tab|36 TAB|300/300 mg|tb
Ethambutol|TB|Tab|672 TAB|100 mg,400 mg|tb
Pyrazinamide|TB|Tab|672 TAB|150 mg,400 mg|tb
Streptomycin|TB|Inj|Vial|1 g|tb
Bedaquiline|TB resistant|Tab|188 TAB|20 mg,100 mg|tb
Delamanid|TB resistant|Tab|48 TAB|25 mg,50 mg|tb
Linezolid|TB resistant|Tab|20 TAB|150 mg,600 mg|tb
Levofloxacin|TB resistant|Tab|100 TAB|100 mg,250 mg,500 mg|tb
Moxifloxacin|TB resistant|Tab|100 TAB|100 mg,400 mg|tb
Clofazimine|TB resistant|Caps|100 CAP|50 mg,100 mg|tb
Cycloserine|TB resistant|Caps|100 CAP|125 mg,250 mg|tb
MB-MDT blister|Leprosy|Pack|6 BLISTER|adult,child|tb
PB-MDT blister|Leprosy|Pack|6 BLISTER|adult,child|tb
SD Bioline HIV|HIV tests|Kit|30 TEST|1 test|lab,arv
Uni-Gold HIV|HIV tests|Kit|20 TEST|1 test|lab,arv
DNA PCR bundle|HIV tests|Kit|20 TEST|1 test|lab
Viral load reagent|HIV tests|Kit|96 TEST|1 test|lab
CD4 reagent|Reagents|Kit|50 TEST|1 test,100 tests|lab
Haematology diluent|Reagents|Sol|Drum|20 l|lab
Haematology lyse|Reagents|Sol|Bottle|500 ml,1 l|lab
Creatinine reagent|Reagents|Sol|Bottle|4 x 50 ml|lab
ALT reagent|Reagents|Sol|Bottle|4 x 50 ml|lab
Glucose strip|Reagents|Strip|50 STRIP|1 strip|lab,ils
Giemsa stain|Reagents|Sol|Bottle|500 ml|lab
Carbol fuchsin|Reagents|Sol|Bottle|1 l|lab,tb
Xpert cartridge|Reagents|Cart|50 TEST|MTB/RIF,Ultra|lab,tb
Sputum container|Lab supplies|Piece|500 PIECE|50 ml|lab,tb
EDTA tube|Lab supplies|Piece|100 PIECE|2 ml,4 ml|lab
Pipette tip|Lab supplies|Piece|1000 PIECE|200 ul,1000 ul|lab
Microscope slide|Lab supplies|Piece|50 PIECE|frosted,plain|lab
Immersion oil|Lab supplies|Bottle|Bottle|100 ml|lab
Syphilis rapid test|Lab supplies|Kit|30 TEST|1 test|lab,ils
Urine strip|Lab supplies|Strip|100 STRIP|10 parameters|lab,ils
Pregnancy test|Lab supplies|Strip|50 STRIP|1 strip|lab,ils
`;

export const medicines: readonly Medicine[] = list
  .trim()
  .split('\n')
  .flatMap((line) => {
    const [name, category, form, dispensingUnit, strengths, programs] = line.split('|') as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    return strengths.split(',').map((strength) => ({
      name,
      category,
      form,
      dispensingUnit,
      strength: strength.replace(/ (mg|g|ml|mcg|MIU|IU)$/, ''),
      unit: / (mg|g|ml|mcg|MIU|IU)$/.exec(strength)?.[1] ?? 'each',
      programs: programs.split(',') as ProgramCode[],
    }));
  });
