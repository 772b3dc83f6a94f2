//! The filter `parse_xml`: paths into the elements of an XML document.

use super::Outline;
use super::cli::no_values;
use super::element::{Document, Path};
use super::json_key;
use crate::failure::{Failure, FailureKind};
use crate::source::Span;
use crate::value::{Map, Value};
use crate::yaml::{Mapping, Node};

impl Outline {
    /// Makes data of an XML document as `parse_xml` does.
    ///
    /// # Errors
    /// When the text is no XML, the outline is wrong, or a template in it fails.
    pub fn parse_xml(&self, text: &str) -> Result<Value, Failure> {
        let document = Document::read(text)
            .map_err(|why| Failure::new(FailureKind::Template, format!("the text is no XML: {why}")))?;
        let mut result = Map::new();
        for (name, entry, value) in self.keys()? {
            let at = entry.get("value").map_or(self.root.span, |node| node.span);
            let made = match entry.get("items") {
                Some(items) => self.of_elements(&document, items, entry, &value, at)?,
                None => value,
            };
            result.insert(name, made);
        }
        Ok(result.into())
    }

    fn of_elements(
        &self,
        document: &Document,
        items: &Node,
        entry: &Mapping,
        value: &Value,
        at: Span,
    ) -> Result<Value, Failure> {
        let wrong = |node: &Node, why: String| Failure::new(FailureKind::File, why).at(node.span);
        let top = entry.get("top").ok_or_else(|| wrong(items, "`items` want a `top`".into()))?;
        let top_path = Path::read(&top.to_value().to_text()).map_err(|why| wrong(top, why))?;
        let paths = items.as_map().ok_or_else(|| wrong(items, "`items` are no dictionary".into()))?;
        let key = value.get("key").filter(|key| key.is_truthy());
        let shape = match key {
            Some(_) => value.get("values").cloned().ok_or_else(|| no_values(at))?,
            None => value.clone(),
        };
        let (mut list, mut map) = (Vec::new(), Map::new());
        for element in document.find(document.root(), &top_path) {
            let mut item = Map::new();
            for (name, _, path) in paths.iter() {
                item.insert(name.clone(), found(document, element, &path.to_value().to_text()));
            }
            let variables = Map::from_iter([("item", Value::from(item))]);
            let made = match &shape {
                Value::Map(shape) => self.shaped(shape, at, &variables)?.into(),
                other => self.expand_value(other, at, &variables)?,
            };
            let Some(key) = key else {
                if self.holds(entry.get("when"), &made)? {
                    list.push(made);
                }
                continue;
            };
            let key = self.expand_value(key, at, &variables)?;
            if self.holds(entry.get("when"), &Value::map([("key", key.clone()), ("value", made.clone())]))? {
                map.insert(json_key(&key), made);
            }
        }
        Ok(if key.is_some() { map.into() } else { list.into() })
    }
}

/// Returns what stands at a path below an element: texts, or the attributes when the path ends in a predicate.
fn found(document: &Document, element: usize, path: &str) -> Value {
    // A path that cannot be read finds nothing, as in Ansible.
    let elements = Path::read(path).map(|path| document.find(element, &path)).unwrap_or_default();
    let wants_attributes = path.ends_with(']');
    let one = |element: usize| match wants_attributes {
        true => document.attributes(element),
        false => document.text(element),
    };
    match &elements[..] {
        [] if wants_attributes => Map::new().into(),
        [] => Value::Null,
        [only] => one(*only),
        several => several.iter().map(|element| one(*element)).collect::<Vec<_>>().into(),
    }
}
