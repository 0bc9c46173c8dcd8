/** Style sheet of the HTML report. Colours of stages are ten hues that stay apart on both backgrounds. */
export const STAGE_HUES = ['#3b82f6', '#14b8a6', '#f59e0b', '#ec4899', '#8b5cf6', '#22c55e', '#f97316', '#06b6d4', '#a3a635', '#ef4444'];
export const OTHER_HUE = '#94a3b8';

export const STYLE = `
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#14181f;--soft:#5a6472;--line:#e2e6ec;--track:#edf0f4;
--good:#14804a;--good-bg:#e3f5ea;--bad:#c02626;--bad-bg:#fdeaea;--warn:#8a5a00;--warn-bg:#fdf3d8;--many:#7c3aab;--many-bg:#f4eafb;
--honest:#2f9e68;--flipped:#dc4545;--duplicate:#d99a1c;--sybil:#9a55cc;--other:#8491a3;--accent:#2f62d9;--pixel:#1c2b4a}
@media(prefers-color-scheme:dark){:root{--bg:#0e1116;--card:#171b22;--ink:#e8ebf0;--soft:#9aa5b4;--line:#2a313c;--track:#232a34;
--good:#5fd39a;--good-bg:#12301f;--bad:#ff8a8a;--bad-bg:#3a1717;--warn:#f0c463;--warn-bg:#33280e;--many:#d2a3f2;--many-bg:#2b1b38;
--honest:#3fb57c;--flipped:#ee5f5f;--duplicate:#e0a83a;--sybil:#b07ade;--other:#7d8a9c;--accent:#7aa2ff;--pixel:#dbe6ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:1060px;margin:0 auto;padding:28px 20px 56px}
h1{font-size:clamp(1.5rem,4.5vw,2.1rem);line-height:1.2;margin:.45em 0 .25em;letter-spacing:-.015em;text-wrap:balance}
h2{font-size:1.12rem;margin:0 0 14px;letter-spacing:-.005em}
h3{font-size:.95rem;margin:0 0 6px}
p{margin:0}
.soft{color:var(--soft)}
.small{font-size:.86rem}
.num{font-variant-numeric:tabular-nums;white-space:nowrap}
code{font:.84em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
section,.tile{background:var(--card);border:1px solid var(--line);border-radius:14px}
section{padding:20px 22px;margin-top:16px}
.tag{display:inline-block;border-radius:999px;padding:1px 9px;font-size:.78rem;font-weight:600;background:var(--track);color:var(--soft);white-space:nowrap}
.tag.good{background:var(--good-bg);color:var(--good)}
.tag.bad,.tag.flipped{background:var(--bad-bg);color:var(--bad)}
.tag.duplicate{background:var(--warn-bg);color:var(--warn)}
.tag.sybil{background:var(--many-bg);color:var(--many)}
.tags{display:flex;flex-wrap:wrap;gap:6px}
.tags .tag{padding:3px 12px;font-size:.86rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin-top:18px}
.tile{padding:14px 16px}
.tile b{display:block;font-size:1.4rem;line-height:1.25;letter-spacing:-.01em;font-weight:650;overflow-wrap:anywhere}
.stack{display:flex;gap:2px;height:20px;border-radius:6px;overflow:hidden;background:var(--track)}
.stack i{display:block;min-width:2px}
.legend{display:flex;flex-wrap:wrap;gap:6px 18px;margin-top:10px;padding:0;list-style:none;font-size:.88rem}
.legend li{display:flex;align-items:baseline;gap:7px}
.dot{width:10px;height:10px;border-radius:3px;display:inline-block;flex:none}
details{margin-top:12px}
summary{cursor:pointer;color:var(--accent);font-size:.88rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:right;padding:6px 0 6px 14px;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums;vertical-align:baseline}
th:first-child,td:first-child{text-align:left;padding-left:0;font-weight:400;overflow-wrap:anywhere}
thead th{font-size:.86rem;font-weight:600;color:var(--soft)}
tr:last-child th,tr:last-child td{border-bottom:0}
.person{padding:12px 0;border-top:1px solid var(--line)}
.person:first-of-type{border-top:0;padding-top:0}
.row{display:grid;grid-template-columns:minmax(0,190px) minmax(0,1fr) auto;gap:2px 14px;align-items:center}
.who{font-weight:600;overflow-wrap:anywhere;display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
.track{height:16px;border-radius:5px;background:var(--track);overflow:hidden}
.track i{display:block;height:100%;border-radius:5px;background:var(--other)}
.track .honest{background:var(--honest)}.track .flipped{background:var(--flipped)}.track .duplicate{background:var(--duplicate)}.track .sybil{background:var(--sybil)}
.track .total{background:repeating-linear-gradient(115deg,var(--sybil) 0 5px,transparent 5px 9px);border:1px solid var(--sybil)}
.track .plain{background:var(--accent)}
.sum{text-align:right;min-width:11.5em}
.sum>span:last-child{display:inline-block;min-width:3.6em;color:var(--soft)}
.why{grid-column:2/-1;font-size:.88rem;color:var(--soft);overflow-wrap:anywhere}
.why .tag{margin-right:6px}
.accounts{margin:10px 0 0;padding-left:14px;border-left:3px solid var(--sybil)}
.accounts .row{margin-top:10px;grid-template-columns:minmax(0,173px) minmax(0,1fr) auto}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(140px,1fr));gap:10px;margin-top:14px}
.query{border:1px solid var(--line);border-radius:10px;padding:10px;font-size:.82rem;line-height:1.4;min-width:0;display:flex;flex-direction:column;gap:1px}
.query svg{width:64px;height:64px;display:block;margin:0 auto 6px;color:var(--pixel);background:var(--track);border-radius:5px}
.query b{font-size:.92rem}
.query.miss{border-color:var(--bad)}
.query .top{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.phase{display:grid;grid-template-columns:minmax(0,190px) minmax(0,1fr) 6em;gap:14px;align-items:center;padding:3px 0}
.phase .track{height:12px}
.phase .num{text-align:right}
.checks{list-style:none;margin:0;padding:0}
.checks li{display:grid;grid-template-columns:22px minmax(0,1fr);padding:6px 0;overflow-wrap:anywhere}
.ok{color:var(--good);font-weight:700}.no{color:var(--bad);font-weight:700}
.notes{display:grid;grid-template-columns:repeat(auto-fit,minmax(280px,1fr));gap:16px 26px}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:16px}
.two{margin-top:16px}.two section{min-width:0;margin-top:0}
dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:5px 16px;margin:0}
dt{color:var(--soft)}dd{margin:0}
.callout{border-radius:10px;padding:12px 14px;margin-top:14px;overflow-wrap:anywhere}
.callout.good{background:var(--good-bg)}.callout.bad{background:var(--bad-bg)}
@media(max-width:640px){main{padding:18px 12px 40px}section{padding:16px 14px}
.tiles{grid-template-columns:repeat(2,minmax(0,1fr))}.tile{padding:11px 12px}.tile b{font-size:1.05rem;white-space:normal}
.row,.accounts .row{grid-template-columns:minmax(0,1fr) auto}.row .track{grid-column:1/-1;grid-row:2}.row .why{grid-column:1/-1}.sum{min-width:0}
.gallery{grid-template-columns:repeat(auto-fill,minmax(94px,1fr));gap:8px}.query{padding:8px;font-size:.76rem}.query .word{display:none}.query .tag{font-size:.7rem;padding:0 7px}
.phase{grid-template-columns:minmax(0,1fr) auto;gap:2px 10px}.phase .track{grid-column:1/-1;grid-row:2}
.two{grid-template-columns:minmax(0,1fr)}th,td{padding-left:8px}}
@media print{body{background:#fff}section,.tile{break-inside:avoid}}
`;
