//! What every drawing has to hold, for tests.

use super::svg::text_width;
use roxmltree::{Document, Node};

/// Whether a word of `text` is a number that is none.
pub(super) fn has_a_broken_number(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|w| ["nan", "inf", "infinity"].contains(&w.to_lowercase().as_str()))
}

/// A text of a drawing: its words, and left, top, right and bottom by the cautious estimate of widths.
pub(super) struct Text {
    pub(super) words: String,
    pub(super) space: [f64; 4],
}

/// Every text that has a place, with its heading's parts joined.
pub(super) fn texts(document: &Document<'_>) -> Vec<Text> {
    let of_node = |node: Node<'_, '_>| {
        let number = |name: &str| node.attribute(name).map(|v| v.parse::<f64>().unwrap());
        let words: String = node.descendants().filter(Node::is_text).filter_map(|n| n.text()).collect();
        let inherited = node.ancestors().find_map(|n| n.attribute("font-size")).map_or(12.0, |v| v.parse().unwrap());
        let width = text_width(&words, inherited);
        let (x, y) = (number("x").unwrap(), number("y").unwrap());
        let from = match node.attribute("text-anchor") {
            Some("end") => x - width,
            Some("middle") => x - width / 2.0,
            _ => x,
        };
        Text { words, space: [from, y - inherited * 0.8, from + width, y + inherited * 0.2] }
    };
    document
        .descendants()
        .filter(|n| n.tag_name().name() == "text" && n.attribute("x").is_some())
        .map(of_node)
        .collect()
}

/// Width and height of a drawing.
pub(super) fn size(document: &Document<'_>) -> [f64; 2] {
    let numbers: Vec<f64> =
        document.root_element().attribute("viewBox").unwrap().split(' ').map(|v| v.parse().unwrap()).collect();
    [numbers[2], numbers[3]]
}

/// Text is placed in a drawing of fixed width; what reaches beyond is cut off.
pub(super) fn assert_texts_inside(svg: &str, name: &str) {
    let document = Document::parse(svg).unwrap();
    let [width, height] = size(&document);
    for Text { words, space: [from, top, to, bottom] } in texts(&document) {
        assert!(from >= -3.0 && to <= width + 3.0, "{name}: {words:?} from {from} to {to}");
        assert!(top > -2.0 && bottom < height + 3.0, "{name}: {words:?} from {top} to {bottom} of {height}");
    }
}

/// Every point of every shape: ends of lines, corners of rectangles, points and control points of paths, edges of circles.
pub(super) fn shape_points(document: &Document<'_>) -> Vec<(f64, f64)> {
    let mut points = Vec::new();
    for node in document.descendants().filter(Node::is_element) {
        let number = |name: &str| node.attribute(name).map_or(0.0, |v| v.parse::<f64>().unwrap());
        match node.tag_name().name() {
            "line" => points.extend([(number("x1"), number("y1")), (number("x2"), number("y2"))]),
            "rect" => {
                let (x, y) = (number("x"), number("y"));
                points.extend([(x, y), (x + number("width"), y + number("height"))]);
            }
            "circle" => {
                let (x, y, r) = (number("cx"), number("cy"), number("r"));
                points.extend([(x - r, y - r), (x + r, y + r)]);
            }
            "path" => points.extend(path_points(node.attribute("d").unwrap())),
            _ => {}
        }
    }
    points
}

/// The points of a path of `M`, `L`, `C`, `l` and `Z`.
pub(super) fn path_points(data: &str) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    let mut rest = data;
    while let Some(command) = rest.chars().next() {
        let end = rest[1..].find(|c: char| c.is_ascii_alphabetic()).map_or(rest.len(), |i| i + 1);
        let spaced = rest[1..end].replace('-', " -");
        let numbers: Vec<f64> = spaced.split_whitespace().map(|v| v.parse().unwrap()).collect();
        assert!(numbers.len().is_multiple_of(2), "{data}");
        for pair in numbers.chunks(2) {
            let (x, y) = if command == 'l' { *points.last().unwrap() } else { (0.0, 0.0) };
            points.push((x + pair[0], y + pair[1]));
        }
        assert!("MLClZ".contains(command), "{data}");
        rest = &rest[end..];
    }
    points
}

/// A drawing as a browser wants it: well-formed, named, with finite numbers, and nothing outside.
pub(super) fn assert_sound(svg: &str, name: &str) {
    let document = Document::parse(svg).unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(document.root_element().attribute("role"), Some("img"), "{name}");
    assert!(!has_a_broken_number(svg), "{name}");
    assert_texts_inside(svg, name);
    let [width, height] = size(&document);
    for (x, y) in shape_points(&document) {
        assert!((-1.0..=width + 1.0).contains(&x) && (-1.0..=height + 1.0).contains(&y), "{name}: a shape at {x}, {y}");
    }
}

/// No two texts lie on each other, by the cautious estimate of their widths less a tenth.
pub(super) fn assert_texts_apart(svg: &str, name: &str) {
    let document = Document::parse(svg).unwrap();
    let texts = texts(&document);
    for (i, a) in texts.iter().enumerate() {
        for b in &texts[i + 1..] {
            let shrunk = |[left, top, right, bottom]: [f64; 4]| {
                let margin = (right - left) * 0.05;
                [left + margin, top + 1.0, right - margin, bottom - 1.0]
            };
            let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (shrunk(a.space), shrunk(b.space));
            let meets = a0 < b2 && b0 < a2 && a1 < b3 && b1 < a3;
            assert!(!meets, "{name}: {:?} lies on {:?}", a.words, b.words);
        }
    }
}

/// A page is well-formed, gives each of its anchors once, fetches nothing, and shows no number that is none.
pub(super) fn assert_page_sound(page: &str, name: &str) {
    let mut text =
        page.strip_prefix("<!DOCTYPE html>").unwrap_or_else(|| panic!("{name}: no document type")).to_owned();
    for tag in ["script", "style"] {
        while let Some(from) = text.find(&format!("<{tag}>")) {
            let end = format!("</{tag}>");
            let to = text.find(&end).unwrap_or_else(|| panic!("{name}: {tag} does not end")) + end.len();
            text.replace_range(from..to, "");
        }
    }
    // HTML does not close these, XML does.
    for void in ["<meta ", "<input "] {
        let parts: Vec<String> = text.split(void).map(str::to_owned).collect();
        let closed = parts[1..].iter().map(|part| part.replacen('>', "/>", 1));
        text = parts[..1].iter().cloned().chain(closed).collect::<Vec<_>>().join(void);
    }
    let document = Document::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut ids: Vec<&str> = document.descendants().filter_map(|node| node.attribute("id")).collect();
    let n_ids = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), n_ids, "{name}: an anchor is given twice");
    assert!(!has_a_broken_number(&text), "{name}");
    let own = text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for forbidden in ["http://", "https://", "<link", "<img", "@import", "url(", " src=", " href=", "fetch("] {
        assert!(!own.contains(forbidden), "{name}: {forbidden}");
    }
}
