use super::{Diagnostic, Label, Severity, Source, SourceId, SourceMap};
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use std::sync::Arc;

/// Whether a rendering carries colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// ANSI colours, for a terminal.
    Coloured,
    /// Text alone.
    Plain,
}

/// A source with the labels that stand in it.
type Marked<'a> = (SourceId, Arc<Source>, Vec<(AnnotationKind, &'a Label)>);

/// Returns a diagnostic as rustc draws it: code, message, the marked source lines, notes and help.
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap, style: Style) -> String {
    let renderer = match style {
        Style::Coloured => Renderer::styled(),
        Style::Plain => Renderer::plain(),
    };
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    // One snippet a source, the one with the primary place first.
    let mut held: Vec<Marked<'_>> = Vec::new();
    let places = diagnostic.primary.iter().map(|label| (AnnotationKind::Primary, label));
    for (kind, label) in places.chain(diagnostic.secondary.iter().map(|label| (AnnotationKind::Context, label))) {
        let id = label.span.source;
        match held.iter_mut().find(|(held_id, _, _)| *held_id == id) {
            Some((_, _, labels)) => labels.push((kind, label)),
            None => held.push((id, sources.get(id), vec![(kind, label)])),
        }
    }
    let mut title = level.primary_title(&diagnostic.message);
    if !diagnostic.code.is_empty() {
        title = title.id(diagnostic.code);
    }
    let mut group = title.elements(Vec::<Snippet<'_, annotate_snippets::Annotation<'_>>>::new());
    for (_, source, labels) in &held {
        if source.is_sealed {
            let at = source.position(labels.first().map_or(0, |(_, label)| label.span.start as usize));
            let origin = Origin::path(format!("{} (encrypted)", source.name)).line(at.line).char_column(at.column);
            group = group.element(origin);
            continue;
        }
        let mut snippet = Snippet::source(&*source.text).path(&source.name).line_start(1).fold(true);
        for (kind, label) in labels {
            snippet = snippet.annotation(kind.span(visible_range(&source.text, label)).label(&label.text));
        }
        group = group.element(snippet);
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(note));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help));
    }
    renderer.render(&[group]).to_string()
}

/// Returns the byte range to mark: inside the text, on character boundaries, and one line only, because a mark over a
/// whole block hides more than it shows.
fn visible_range(text: &str, label: &Label) -> std::ops::Range<usize> {
    let mut start = (label.span.start as usize).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let line_end = text[start..].find('\n').map_or(text.len(), |n| start + n);
    let mut end = (label.span.end as usize).clamp(start, line_end);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    start..end
}
