//! From elements to text.

use super::{Element, Node};
use std::fmt;

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        f.write_str(&out)
    }
}

impl Element {
    /// Returns it with each element on a line of its own, indented by two blanks. Blanks between elements have no meaning.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        self.write_pretty(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String) {
        self.write_head(out);
        if self.nodes.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        for node in &self.nodes {
            match node {
                Node::Element(element) => element.write(out),
                Node::Text(text) => out.push_str(&escaped(text)),
            }
        }
        self.write_end(out);
    }

    fn write_pretty(&self, out: &mut String, depth: usize) {
        let indent = |out: &mut String, depth: usize| (0..depth).for_each(|_| out.push_str("  "));
        indent(out, depth);
        if self.children().next().is_none() || !self.own_text().trim().is_empty() {
            self.write(out);
            out.push('\n');
            return;
        }
        self.write_head(out);
        out.push_str(">\n");
        self.children().for_each(|child| child.write_pretty(out, depth + 1));
        indent(out, depth);
        self.write_end(out);
        out.push('\n');
    }

    fn write_head(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for (name, value) in &self.attributes {
            out.push(' ');
            out.push_str(name);
            out.push_str("=\"");
            let value = escaped(value).replace('"', "&quot;");
            out.push_str(&value.replace('\n', "&#10;").replace('\r', "&#13;").replace('\t', "&#9;"));
            out.push('"');
        }
    }

    fn write_end(&self, out: &mut String) {
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

/// Returns a text as it stands between tags.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
