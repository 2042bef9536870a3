//! Curves as small SVG files.

use std::fmt::Write as _;

/// A drawing of some curves, the axes beginning at zero.
pub(crate) struct Drawing<'a> {
    pub(crate) title: &'a str,
    pub(crate) across: &'a str,
    pub(crate) up: &'a str,
    /// Names, and points.
    pub(crate) curves: Vec<(&'a str, Vec<(f64, f64)>)>,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 36.0;
const BOTTOM: f64 = 44.0;
/// Colours that people with any eyes tell apart (Okabe, Ito 2008).
const COLOURS: [&str; 5] = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9"];

impl Drawing<'_> {
    /// The drawing, the same for the same points.
    pub(crate) fn svg(&self) -> String {
        let points = || self.curves.iter().flat_map(|(_, points)| points);
        let (across, up) = (round(points().map(|(x, _)| *x)), round(points().map(|(_, y)| *y)));
        let x = |value: f64| LEFT + value / across * (WIDTH - LEFT - RIGHT);
        let y = |value: f64| HEIGHT - BOTTOM - value / up * (HEIGHT - TOP - BOTTOM);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
             <text x=\"{LEFT}\" y=\"18\" font-size=\"14\">{}</text>\n",
            self.title
        );
        for part in 0..=4 {
            let part = f64::from(part) / 4.0;
            let (right, level, column) = (WIDTH - RIGHT, y(up * part), x(across * part));
            let _ = writeln!(
                svg,
                "<path d=\"M{LEFT} {level:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{:.1}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{}</text><text x=\"{column:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                LEFT - 6.0,
                level + 4.0,
                short(up * part),
                HEIGHT - BOTTOM + 16.0,
                short(across * part),
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text><text x=\"6\" y=\"{:.1}\">{}</text>",
            WIDTH - RIGHT,
            HEIGHT - 8.0,
            self.across,
            TOP - 6.0,
            self.up,
        );
        for ((name, points), (index, colour)) in self.curves.iter().zip(COLOURS.iter().enumerate()) {
            let line = points.iter().map(|(px, py)| format!("{:.1},{:.1}", x(*px), y(*py))).collect::<Vec<_>>();
            let _ = writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>\
                 <text x=\"{:.1}\" y=\"18\" fill=\"{colour}\" text-anchor=\"end\">{name}</text>",
                line.join(" "),
                WIDTH - RIGHT - f64::from(u8::try_from(index).unwrap()) * 110.0,
            );
        }
        svg.push_str("</svg>\n");
        svg
    }
}

/// The next 1, 2, 4 or 8 times a power of ten.
fn round(values: impl Iterator<Item = f64>) -> f64 {
    let most = values.fold(0.001, f64::max);
    let power = 10f64.powf(most.log10().floor());
    [1.0, 2.0, 4.0, 8.0, 10.0].into_iter().map(|step| step * power).find(|top| *top >= most).unwrap_or(most)
}

fn short(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
