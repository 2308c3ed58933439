// The look of the HTML report; plain CSS with system fonts, two colour schemes and a print form.

/**
 * Content of the page's `<style>`. Dark colours are for screens only: paper is white. Wide plots begin at their right end, where the
 * forecast is (the direction of the box around them says so), and where they do not fit a line says what lies to the left. On paper everything is open.
 */
export const pageStyle: string = `
:root{--bg:#fbfcfd;--card:#ffffff;--ink:#1f2933;--muted:#5f6c7b;--edge:#dfe4ea;--accent:#0b62b0;--good:#17693a;--goodbg:#e3f4e8;--warnbg:#fff5e0;--code:#f1f4f8}
@media screen and (prefers-color-scheme:dark){:root{--bg:#0c0f13;--card:#12161c;--ink:#e6e9ee;--muted:#9aa5b1;--edge:#28303a;--accent:#63b3ff;--good:#7fdba0;--goodbg:#15301f;--warnbg:#3a2e12;--code:#1a2028}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1040px;margin:0 auto;padding:40px 20px 64px}
header{margin-bottom:20px}
.kicker{margin:0;color:var(--accent);font-size:13px;font-weight:600;letter-spacing:.04em}
h1{margin:2px 0 4px;font-size:34px;line-height:1.2;overflow-wrap:anywhere}
h2{margin:0 0 12px;font-size:19px}
.scroll+h2{margin-top:24px}
.lead{margin:0;color:var(--muted)}
section{background:var(--card);border:1px solid var(--edge);border-radius:12px;padding:22px 24px;margin:16px 0}
.verdict{margin:0 0 16px;font-size:19px;line-height:1.45}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(132px,1fr));gap:12px;margin:0}
.tile{border:1px solid var(--edge);border-radius:10px;padding:12px 14px}
.tile dt{color:var(--muted);font-size:13px}
.tile dd{margin:0;font-size:26px;font-weight:600;font-variant-numeric:tabular-nums}
.tile dd.note{font-size:13px;font-weight:400}
figure{margin:0 0 8px}
figure+figure{margin-top:20px}
figcaption,.note{color:var(--muted);font-size:14px}
.plot{display:block;width:100%;min-width:560px;height:auto}
.plot.small{min-width:300px;max-width:480px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(300px,100%),1fr));gap:16px}
.pair figure+figure{margin-top:0}
.scroll{overflow-x:auto}
figure .scroll{direction:rtl}
figure .scroll>*{direction:ltr}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:8px 12px;border-bottom:1px solid var(--edge);white-space:nowrap}
thead th{color:var(--muted);font-size:13px;font-weight:600}
th:first-child{text-align:left;font-weight:500}
tbody tr:last-child>*{border-bottom:0}
.best{color:var(--good);background:var(--goodbg);font-weight:600}
.best .mark{font-size:12px;font-weight:500}
.facts{margin:0;display:grid;grid-template-columns:1fr}
.facts>div{display:grid;grid-template-columns:minmax(130px,220px) 1fr;gap:12px;padding:6px 0;border-bottom:1px solid var(--edge)}
.facts>div:last-child{border-bottom:0}
.facts dt{color:var(--muted)}
.facts dd{margin:0;overflow-wrap:anywhere}
.warnings{background:var(--warnbg);border-radius:8px;padding:10px 14px;margin-bottom:14px}
.warnings ul{margin:4px 0 0}
ul{padding-left:20px}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:14px}
code{background:var(--code);border-radius:4px;padding:1px 5px}
pre{background:var(--code);border-radius:8px;padding:14px 16px;white-space:pre-wrap;overflow-wrap:anywhere;margin:0}
details{margin:6px 0}
summary{cursor:pointer;padding:6px 0;color:var(--accent)}
@media print{body{background:#fff}section{border-color:#ccc;padding:14px 16px}figure,tr,.tile,.facts>div{break-inside:avoid}h2{break-after:avoid}thead{display:table-header-group}.plot{min-width:0}.scroll{overflow:visible}details::details-content{content-visibility:visible;display:block;block-size:auto}a,summary{color:inherit}}
@media screen and (max-width:600px){figure:has(>.scroll>.plot:not(.small))::after{content:"← The picture goes on to the left.";color:var(--muted);font-size:13px}}
@media (max-width:560px){main{padding:20px 10px 40px}section{padding:16px 14px}th,td{padding:8px 5px}table{font-size:15px}.methods th:first-child{white-space:normal}.methods .mark{display:block}.facts>div{grid-template-columns:1fr;gap:0}}
`.trim();
