//! Expressions and statements to the text that the engine compiles.
//!
//! The engine's operators, comparisons and conditions are replaced by filters of our own (see [`super::operate`]): they
//! refuse what is undefined, know Python's types, and leave a place in the text when they fail, which the engine's own
//! operators do not. Everything is put in brackets, so that nothing depends on the engine's precedence.
//!
//! Undefined values flow freely through attributes and subscripts (`nope.a.b`) and are refused where a value is needed,
//! by `__must`. In front of `default` and `is defined` they flow through filters and calls too (`soft`).

mod call;
mod expression;
mod kept;
mod statement;

pub(crate) use expression::is_method;
pub(crate) use kept::keeps_values;

use super::syntax::{Expr, ExprKind, Piece, PieceKind, Statement};
use kept::bodies;
use std::ops::Range;

/// Text for the engine, with the way back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Emitted {
    /// What the engine compiles.
    pub text: String,
    places: Vec<(Range<usize>, Range<usize>)>,
}

/// Methods that change a list or dictionary in place.
const CHANGING_METHODS: [&str; 12] = [
    "append",
    "extend",
    "insert",
    "pop",
    "remove",
    "clear",
    "sort",
    "reverse",
    "update",
    "setdefault",
    "popitem",
    "__setitem__",
];

/// How a text is emitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Lists and dictionaries can be changed in place: the text calls a method that does it.
    pub mutable: bool,
    /// How often the file is apart from others, counted from the main one (see [`super::apart`]).
    pub depth: usize,
    /// One value may be all that the main text writes: what is kept must not count as written.
    pub counts: bool,
    /// Literals that look like templates are rendered: the rule in conditions and in the arguments of lookups.
    pub render_literals: bool,
}

impl Emitted {
    /// Returns the place in the author's text of a range of the emitted text: that of the smallest expression around it.
    pub(crate) fn place(&self, range: Range<usize>) -> Option<Range<usize>> {
        self.places
            .iter()
            .filter(|(out, _)| out.start <= range.start && range.end <= out.end)
            .min_by_key(|(out, _)| out.len())
            .map(|(_, source)| source.clone())
    }
}

/// Claims that an expression calls a method that changes its object.
pub(crate) fn changes_in_place(expr: &Expr) -> bool {
    let here = match &expr.kind {
        ExprKind::Call(callee, _) => {
            matches!(&callee.kind, ExprKind::Attr(_, name) if CHANGING_METHODS.contains(&name.as_str()))
        }
        _ => false,
    };
    let mut found = here;
    expr.children(&mut |child| found = found || changes_in_place(child));
    found
}

/// Emits an expression whose result the caller looks at himself.
pub(crate) fn emit_expression(expr: &Expr, options: Options) -> Emitted {
    let mut emitter = Emitter::new(options);
    emitter.expr(expr, false);
    emitter.out
}

/// Emits a whole template.
pub(crate) fn emit_template(pieces: &[(Piece, Parsed)], options: Options) -> Emitted {
    let mut emitter = Emitter::new(options);
    let mut extends = false;
    for ((piece, parsed), body) in pieces.iter().zip(bodies(pieces)) {
        let start = emitter.out.text.len();
        match (&piece.kind, parsed) {
            (PieceKind::Text(text), _) => emitter.text(text),
            // Behind `extends` nothing is written, nor looked at.
            (_, Parsed::Expression(_)) if extends && emitter.is_lost() => {}
            (_, Parsed::Expression(expr)) => {
                emitter.push("{{ ");
                // What writes it refuses what is undefined.
                emitter.written(expr);
                emitter.push(" }}");
            }
            (_, Parsed::Statement(statement)) => {
                extends |= matches!(statement, Statement::Extends(_)) && emitter.open.is_empty();
                emitter.statement(statement, body);
            }
            (_, Parsed::Text) => {}
        }
        emitter.out.places.push((start..emitter.out.text.len(), piece.at.clone()));
    }
    emitter.out
}

/// A piece's content, parsed.
#[derive(Clone, Debug)]
pub(crate) enum Parsed {
    Text,
    Expression(Expr),
    Statement(Statement),
}

struct Emitter {
    out: Emitted,
    options: Options,
    /// What ends each open statement.
    open: Vec<kept::Opened>,
}

impl Emitter {
    fn new(options: Options) -> Emitter {
        Emitter { out: Emitted::default(), options, open: Vec::new() }
    }

    fn push(&mut self, text: &str) {
        self.out.text.push_str(text);
    }

    fn text(&mut self, text: &str) {
        if text.contains("{{") || text.contains("{%") || text.contains("{#") {
            // Text cannot hold `endraw` in a tag: it would have ended the author's own `raw`.
            self.push("{% raw %}");
            self.push(text);
            self.push("{% endraw %}");
        } else if text.ends_with('{') || text.starts_with(['%', '{', '#']) {
            // Beside a tag the brace would make another tag.
            self.push("{{ ");
            self.literal(text);
            self.push(" }}");
        } else {
            self.push(text);
        }
    }

    fn literal(&mut self, text: &str) {
        self.push("\"");
        for c in text.chars() {
            match c {
                '"' => self.push("\\\""),
                '\\' => self.push("\\\\"),
                '\n' => self.push("\\n"),
                '\r' => self.push("\\r"),
                '\t' => self.push("\\t"),
                c => self.out.text.push(c),
            }
        }
        self.push("\"");
    }
}

/// Returns a filter's or test's name without the collection of Ansible's own.
pub(crate) fn plain_name(name: &str) -> &str {
    name.strip_prefix("ansible.builtin.").or(name.strip_prefix("ansible.legacy.")).unwrap_or(name)
}
