namespace Isthmus.Reports;

/// <summary>
/// How reports look: one set of variables for light pages, one for dark ones; paper is always light. The series colours follow
/// Okabe and Ito ("Color universal design", 2008), made darker or lighter until each stands out from its background (contrast 3:1
/// at least) and stays apart from its neighbours for colour-blind readers; marks differ in shape, and lines on paper in dashes.
/// </summary>
public static class ReportStyle
{
    private const string Light = """
        --page:#fff;--panel:#f6f8fa;--ink:#1a1f26;--muted:#57616c;--line:#dfe4ea;--accent:#0068a6;
        --s1:#0072b2;--s2:#d55e00;--s3:#00855f;--s4:#b0478f;--s5:#9a7200;--s6:#3a9bd0;--s7:#5b6470;--s8:#8a5428;
        --heat:#0068a6;--pos:#c25400;--neg:#0068a6;--on:#fff;--dot:.36;--good:#00734f;--warn:#a65200;--bad:#b3261e;
        """;

    private const string Dark = """
        --page:#10141a;--panel:#181e26;--ink:#e7ebf0;--muted:#9ba7b4;--line:#2b333d;--accent:#62b8f0;
        --s1:#4fb0f0;--s2:#ff8f52;--s3:#3cc99d;--s4:#e49ad2;--s5:#dfb33f;--s6:#a5d8fa;--s7:#aab4c0;--s8:#d3a47c;
        --heat:#62b8f0;--pos:#ff9a61;--neg:#62b8f0;--on:#0b1016;--dot:.6;--good:#4cd3a5;--warn:#f0ad4e;--bad:#ff8a80;
        """;

    private const string Marks = """
        .plot{display:block;width:100%;height:auto;font:13px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums;fill:var(--ink)}
        .plot .page{fill:var(--page)}.plot .h{font-size:14.5px;font-weight:600}.plot .t{fill:var(--muted)}.plot .l{fill:var(--ink)}
        .plot .halo{paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round}
        .plot .cell{font-size:11.5px}.plot .on{fill:var(--on)}
        .plot .grid{stroke:var(--line)}.plot .axis{stroke:var(--muted)}.plot .rule{stroke:var(--muted);stroke-dasharray:5 4}
        .plot .ln{fill:none;stroke:var(--c);stroke-width:1.9;stroke-linejoin:round;stroke-linecap:round}
        .plot .thick{fill:none;stroke:var(--c);stroke-width:2.6;stroke-linecap:round}.plot .whisker{fill:none;stroke:var(--ink);stroke-width:1.3}
        .plot .open{fill:none}.plot .mk{fill:var(--c);stroke:var(--page);stroke-width:.8}.plot .ar{fill:var(--c);fill-opacity:.86}
        .plot .band{fill:var(--c);fill-opacity:.17}.plot .dots{fill:none;stroke:var(--c);stroke-width:3.6;stroke-linecap:round;stroke-opacity:var(--dot)}
        .plot .heat{fill:var(--heat)}.plot .pos{fill:var(--pos)}.plot .neg{fill:var(--neg)}.plot image{image-rendering:pixelated}
        .c1{--c:var(--s1)}.c2{--c:var(--s2)}.c3{--c:var(--s3)}.c4{--c:var(--s4)}.c5{--c:var(--s5)}.c6{--c:var(--s6)}.c7{--c:var(--s7)}.c8{--c:var(--s8)}
        @media print{.ln.c2{stroke-dasharray:7 3}.ln.c3{stroke-dasharray:2.5 3}.ln.c4{stroke-dasharray:8 3 2 3}.ln.c5{stroke-dasharray:12 3}.ln.c6{stroke-dasharray:1 3}}
        """;

    private const string Layout = """
        *{box-sizing:border-box}
        html{color-scheme:light dark;-webkit-text-size-adjust:100%;text-size-adjust:100%}
        body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:break-word}
        main,header,footer{max-width:1352px;margin:0 auto;padding:0 clamp(16px,3vw,40px)}
        header{padding-top:clamp(24px,4vw,56px)}
        h1{font-size:clamp(1.55rem,1.2rem + 1.6vw,2.35rem);line-height:1.18;letter-spacing:-.015em;margin:0}
        .sub{color:var(--muted);font-size:1.06rem;margin:.5rem 0 0;max-width:75ch}
        nav{display:flex;flex-wrap:wrap;gap:.35rem 1.1rem;margin:1.2rem 0 0;font-size:.94rem}
        a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:.2em}
        section{margin-top:clamp(32px,4vw,56px)}
        h2{font-size:1.32rem;letter-spacing:-.01em;line-height:1.25;margin:0 0 1rem;padding-top:.9rem;border-top:1px solid var(--line)}
        h3{font-size:1.05rem;margin:1.6rem 0 .6rem}
        p{margin:.7rem 0;max-width:75ch}
        .tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,176px),1fr));gap:12px;margin:1.3rem 0}
        .tiles div{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:.8rem .95rem .75rem}
        .tiles dt{color:var(--muted);font-size:.86rem;line-height:1.3}
        .tiles .v{margin:.15rem 0 0;font-size:1.45rem;font-weight:620;letter-spacing:-.02em;line-height:1.2;font-variant-numeric:tabular-nums}
        .tiles .e{margin:.1rem 0 0;color:var(--muted);font-size:.84rem;line-height:1.35}
        .figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,390px),1fr));gap:28px 32px;margin:1.2rem 0;align-items:start}
        figure{margin:0;min-width:0}
        figcaption{font-size:.93rem;line-height:1.45;color:var(--muted);margin:0 0 .55rem}
        figcaption b{display:block;color:var(--ink);font-size:1rem;font-weight:620}
        .scroll{overflow-x:auto;margin:1rem 0;max-width:100%}
        table{border-collapse:collapse;font-size:.93rem;font-variant-numeric:tabular-nums}
        caption{text-align:left;color:var(--muted);font-size:.93rem;padding-bottom:.4rem}
        th,td{padding:.4rem .9rem .4rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
        th{font-weight:600;color:var(--muted);font-size:.86rem;vertical-align:bottom;white-space:nowrap}
        th.n,td.n{text-align:right;padding-left:.9rem}td{white-space:nowrap}td.w{white-space:normal;min-width:15rem}
        th:last-child,td:last-child{padding-right:0}
        .facts{display:grid;grid-template-columns:minmax(0,max-content) minmax(0,1fr);gap:.3rem 1.4rem;margin:1rem 0;font-size:.95rem}
        .facts dt{color:var(--muted)}.facts dd{margin:0;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
        .note{border-left:3px solid var(--accent);background:var(--panel);border-radius:0 8px 8px 0;padding:.65rem 1rem;margin:1rem 0;max-width:80ch}
        .note.good{border-color:var(--good)}.note.warn{border-color:var(--warn)}.note.bad{border-color:var(--bad)}
        pre{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem;overflow-x:auto;font:.86rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;margin:1rem 0;tab-size:4}
        details{border:1px solid var(--line);border-radius:8px;padding:0 1rem;margin:1rem 0}
        summary{cursor:pointer;padding:.65rem 0;font-weight:600}
        footer{color:var(--muted);font-size:.86rem;margin-top:clamp(40px,5vw,72px);padding-bottom:2.5rem}
        footer p{border-top:1px solid var(--line);padding-top:.9rem;max-width:none}
        a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
        @media (max-width:600px){.tiles{grid-template-columns:repeat(2,minmax(0,1fr));gap:8px}.tiles .v{font-size:1.32rem}.plot{font-size:15px}.plot .cell{font-size:12px}
        .facts{grid-template-columns:minmax(0,1fr);gap:0}.facts dd{margin-bottom:.5rem}}
        @media print{@page{margin:16mm 14mm}body{font-size:10.5pt}main,header,footer{max-width:none;padding:0}nav{display:none}a{color:inherit;text-decoration:none}
        .figures{grid-template-columns:1fr 1fr;gap:18px 22px}h2,h3,figcaption,caption,summary{break-after:avoid}figure,tr,.tiles div,.note{break-inside:avoid}
        section{margin-top:22px}pre{white-space:pre-wrap;overflow:visible}.scroll{overflow:visible}thead{display:table-header-group}
        details::details-content{content-visibility:visible;block-size:auto;height:auto}.plot .halo{stroke:#fff}
        *{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
        """;

    private const string Variables =
        ":root{" + Light + "}\n@media screen and (prefers-color-scheme:dark){:root{" + Dark + "}}\n";

    /// <summary>What an SVG file carries: the variables and the looks of figures.</summary>
    internal const string Plot = Variables + Marks;

    /// <summary>The whole style sheet of a page that shows figures and report blocks.</summary>
    public static string Page => Variables + Marks + "\n" + Layout;
}
