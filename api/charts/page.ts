// The page of charts as HTML: one column on a telephone, two or three on a desk. Pure.
import type { Chart, Standing } from './figures.ts';
import { escaped, plot } from './plot.ts';
import type { Series, Span } from './plot.ts';
import { axisTop, shown } from './units.ts';

/** More lines than this nobody tells apart. */
const MOST_SERIES = 8;

const spans: readonly { readonly minutes: number; readonly name: string }[] = [
  { minutes: 15, name: '15 min' },
  { minutes: 60, name: '1 h' },
  { minutes: 360, name: '6 h' },
  { minutes: 1_440, name: '1 d' },
  { minutes: 10_080, name: '7 d' },
];

export interface Drawn {
  readonly chart: Chart;
  readonly series: readonly Series[];
}

export function chartsPage(options: {
  readonly standing: Standing;
  readonly drawn: readonly Drawn[];
  readonly span: Span;
  readonly minutes: number;
}): string {
  const { standing, drawn, span, minutes } = options;
  return page(
    [
      `<nav>${spans
        .map(({ minutes: each, name }) =>
          each === minutes ? `<b>${name}</b>` : `<a href="?minutes=${each}">${name}</a>`,
        )
        .join('')}</nav>`,
      standingPart(standing),
      `<main>${drawn.map((each) => figurePart(each, span)).join('')}</main>`,
      `<footer>UTC, until ${new Date(span.toSeconds * 1000).toISOString().slice(0, 19).replace('T', ' ')}; the page comes anew every half minute.</footer>`,
    ].join(''),
  );
}

/** In place of the charts. */
export function messagePage(message: string): string {
  return page(`<p class="message">${escaped(message)}</p>`);
}

function standingPart({ pipelines, alerts }: Standing): string {
  const doubtful = pipelines.filter(({ doubts }) => doubts > 0);
  const answer =
    pipelines.length === 0
      ? 'Prometheus has not seen any pipeline yet.'
      : doubtful.length === 0
        ? `Yes: all ${pipelines.length} pipelines run, are up to date, verified, and have nothing in quarantine.`
        : `${pipelines.length - doubtful.length} of ${pipelines.length} pipelines: yes. For these there are reasons for doubt:`;
  const list = doubtful
    .map(
      ({ pipeline, doubts }) =>
        `<li class="doubt"><a href="/pipelines/${encodeURIComponent(pipeline)}">${escaped(pipeline)}</a> ${doubts}</li>`,
    )
    .join('');
  const told = alerts
    .map(
      ({ name, severity, about }) =>
        `<li class="${severity === 'critical' ? 'critical' : 'warning'}"><a href="/runbooks#${encodeURIComponent(name.toLowerCase())}">${escaped(name)}</a>${about === '' ? '' : ` ${escaped(about)}`}</li>`,
    )
    .join('');
  return [
    `<section><h2>Can I trust v3 now?</h2><p>${answer}</p>${list === '' ? '' : `<ul>${list}</ul>`}</section>`,
    `<section><h2>Alerts</h2>${told === '' ? '<p>None.</p>' : `<ul>${told}</ul>`}</section>`,
  ].join('');
}

function figurePart({ chart, series }: Drawn, span: Span): string {
  const kept = largest(series);
  const left = series.length - kept.length;
  const legend = kept
    .map(
      ({ name, points }, index) =>
        `<li class="s${index}">${escaped(name)} <b>${escaped(shown(points.at(-1)?.[1] ?? Number.NaN, chart.unit))}</b></li>`,
    )
    .join('');
  return [
    `<figure><figcaption><h2>${escaped(chart.title)}</h2><p>${escaped(chart.note)}</p></figcaption>`,
    series.length === 0
      ? '<p class="message">Prometheus has no figures of this time.</p>'
      : plot({
          title: chart.title,
          series: kept,
          span,
          show: (value) => shown(value, chart.unit),
          topOf: (value) => axisTop(value, chart.unit),
        }),
    `<ul>${legend}${left === 0 ? '' : `<li class="more">and ${left} smaller</li>`}</ul></figure>`,
  ].join('');
}

/** Those that reach highest, in the order of their names. */
export function largest(series: readonly Series[]): readonly Series[] {
  const height = ({ points }: Series): number =>
    Math.max(0, ...points.map(([, value]) => value).filter((value) => Number.isFinite(value)));
  return series
    .toSorted((a, b) => height(b) - height(a) || a.name.localeCompare(b.name))
    .slice(0, MOST_SERIES)
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

function page(body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="30"><title>mkondo: charts</title><style>${style}</style></head>
<body><header><h1>mkondo</h1><a href="/pipelines">pipelines</a><a href="/verification">verification</a><a href="/runbooks">runbooks</a><a href="/docs">API</a></header>${body}</body></html>
`;
}

/** Told apart also by those who see no red or no green. */
const colours = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#8c6d31', '#7f7f7f'];

const style = `
:root{color-scheme:light dark;--ink:light-dark(#1c2126,#e4e7ea);--faint:light-dark(#5d6670,#9aa4ae);--line:light-dark(#dfe3e7,#343b42);--ground:light-dark(#f6f7f9,#14181c);--card:light-dark(#fff,#1d2227)}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1800px;padding:16px;background:var(--ground);color:var(--ink);font:14px/1.45 system-ui,sans-serif}
header,nav{display:flex;flex-wrap:wrap;gap:14px;align-items:baseline;margin-bottom:12px}
h1{font-size:20px;margin:0}h2{font-size:14px;margin:0}p{margin:2px 0 6px}
a{color:light-dark(#005a8f,#6cb8e6)}
section,figure{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px;margin:0 0 12px;min-width:0}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(420px,100%),1fr));gap:12px}
figure{display:flex;flex-direction:column;margin:0}figcaption p{color:var(--faint);font-size:12px}
svg{width:100%;height:auto;margin-top:auto}svg text{fill:var(--faint);font-size:11px}svg .y{text-anchor:end}
svg .grid{stroke:var(--line)}svg path{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}
ul{list-style:none;display:flex;flex-wrap:wrap;gap:2px 14px;margin:6px 0 0;padding:0;font-size:12px}
figure li::before{content:'';display:inline-block;width:10px;height:3px;margin-right:5px;vertical-align:middle;background:currentcolor}
figure li b{color:var(--ink)}figure li.more{color:var(--faint)}figure li.more::before{content:none}
section li{border:1px solid var(--line);border-left-width:4px;border-radius:4px;padding:2px 8px}
.doubt,.warning{border-left-color:#e69f00!important}.critical{border-left-color:#c0392b!important}
.message{color:var(--faint);margin:24px 0}footer{color:var(--faint);font-size:12px;margin-top:12px}
${colours.map((colour, index) => `path.s${index}{stroke:${colour}}li.s${index}{color:${colour}}`).join('')}
`;
