#include "lab/report/html_parts.hpp"

#include "lab/report/gnuplot.hpp"
#include "lab/report/timeline.hpp"

namespace lblab::report {

namespace {

constexpr const char* page = R"(
:root{color-scheme:light dark;
--page:#ffffff;--ink:#1f2933;--grey:#52606d;--edge:#d9dee5;--stripe:#f4f6f9;--card:#fbfcfd;
--good:#2f7d46;--bad:#b3261e;--unsure:#8a5a00;--blue:#2563a8;--fault:#7a3fa0;
--good-back:#e3f3e7;--bad-back:#fbe4e2;--unsure-back:#fbf0d9}
@media (prefers-color-scheme: dark){:root{
--page:#161b22;--ink:#e4e9f0;--grey:#a8b3c2;--edge:#333d4a;--stripe:#1c232c;--card:#1b212a;
--good:#62b97d;--bad:#f2786f;--unsure:#e3a93f;--blue:#6ea8ec;--fault:#c08be6;
--good-back:#17321f;--bad-back:#3f1d1b;--unsure-back:#3a2d12}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1.2rem;background:var(--page);color:var(--ink);
font:15px/1.5 system-ui,'DejaVu Sans',Helvetica,Arial,sans-serif;overflow-wrap:break-word}
h1{font-size:1.35rem;line-height:1.3;margin:0}
h2{font-size:1.2rem;margin:2.4rem 0 .3rem}
h3{font-size:1rem;margin:1.6rem 0 .5rem}
p{margin:.3rem 0}
a{color:var(--blue)}
.verdict{padding:.9rem 1.1rem;border-radius:8px;border-left:6px solid}
.verdict.passed,.card.passed{background:var(--good-back);border-color:var(--good)}
.verdict.failed,.card.failed{background:var(--bad-back);border-color:var(--bad)}
.verdict.inconclusive,.card.inconclusive{background:var(--unsure-back);border-color:var(--unsure)}
.card{padding:.6rem .9rem;border-radius:6px;border-left:4px solid;margin:.6rem 0}
.card ul{margin:.4rem 0 0;padding-left:1.2rem}
.cause{font-weight:600}
.card li{white-space:pre-wrap}
.mark{font-weight:700}
.mark.passed{color:var(--good)}.mark.failed{color:var(--bad)}.mark.inconclusive{color:var(--unsure)}
.grey{color:var(--grey)}
.small{font-size:.87rem}
.wide{overflow-x:auto;margin:.5rem 0}
.wide svg{display:block;height:auto;margin:0 auto}
.wide svg.timeline{width:100%;min-width:860px}
.wide svg.lt-topology{max-width:100%}
.framed{border:1px solid var(--edge);border-radius:8px;background:var(--page)}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem}
figure{margin:0;min-width:0}
.plots figure{border:1px solid var(--edge);border-radius:8px;padding:.6rem}
.plots svg{display:block;width:100%;max-width:600px;height:auto;margin:0 auto}
figcaption{font-size:.87rem;font-weight:600;margin-bottom:.2rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.22rem .6rem .22rem 0;border-bottom:1px solid var(--edge)}
th{color:var(--grey);font-weight:600;border-bottom-width:2px}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
th.number{white-space:normal}
tr.fault td{color:var(--fault);font-weight:600}
tr.failed td{background:var(--bad-back)}
tr.inconclusive td{background:var(--unsure-back)}
details>summary{cursor:pointer;color:var(--blue)}
.causes{display:grid;grid-template-columns:minmax(0,17rem) 5.2rem minmax(2rem,1fr);gap:.1rem .8rem;
font-size:.9rem;align-items:center;margin:.3rem 0 1.1rem}
.causes .track{background:var(--stripe);border-radius:3px;height:.8rem}
.causes .part{display:block;background:var(--bad);opacity:.75;height:100%;border-radius:3px;min-width:2px}
.ledger{display:flex;flex-wrap:wrap;gap:.5rem;padding:0;margin:.3rem 0;list-style:none}
.ledger li{border:1px solid var(--edge);border-radius:6px;padding:.15rem .7rem}
.ledger b{font-size:1.1rem;margin-right:.2rem}
.ledger .lost b{color:var(--bad)}.ledger .kept b{color:var(--good)}
footer{margin-top:3rem;color:var(--grey);font-size:.85rem}
@media (max-width:600px){
body{padding:.7rem}.who{max-width:6.5rem}th,td{padding-right:.45rem}
.extra{display:none}
.wide svg.lt-topology{max-width:none}.plots figure{padding:.4rem .1rem}figcaption{padding:0 .4rem}
.causes{grid-template-columns:minmax(0,11rem) 4.6rem minmax(2rem,1fr);gap:.1rem .5rem}}
@media print{body{max-width:none}.card,figure,tr{break-inside:avoid}}
)";

}  // namespace

std::string style() { return page + timeline_style() + plot_style(); }

}  // namespace lblab::report
