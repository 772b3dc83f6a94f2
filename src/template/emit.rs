//! Expressions and statements to the text that the engine compiles.
//!
//! The engine's operators, comparisons and conditions are replaced by filters of our own (see [`super::operate`]): they
//! refuse what is undefined, know Python's types, and leave a place in the text when they fail, which the engine's own
//! operators do not. Everything is put in brackets, so that nothing depends on the engine's precedence.
//!
//! Undefined values flow freely through attributes and subscripts (`nope.a.b`) and are refused where a value is needed,
//! by `__must`. In front of `default` and `is defined` they flow through filters and calls too (`soft`).

use super::globals;
use super::syntax::{Arg, Called, Comparison, Expr, ExprKind, Operator, Piece, PieceKind, Statement};
use std::ops::Range;

/// Text for the engine, with the way back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Emitted {
    /// What the engine compiles.
    pub text: String,
    places: Vec<(Range<usize>, Range<usize>)>,
}

/// Filters that take what is undefined.
const TOLERANT_FILTERS: [&str; 5] = ["default", "d", "mandatory", "type_debug", "__must"];

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
    let mut emitter = Emitter { out: Emitted::default(), options };
    emitter.expr(expr, false);
    emitter.out
}

/// Emits a whole template.
pub(crate) fn emit_template(pieces: &[(Piece, Parsed)], options: Options) -> Emitted {
    let mut emitter = Emitter { out: Emitted::default(), options };
    for (piece, parsed) in pieces {
        let start = emitter.out.text.len();
        match (&piece.kind, parsed) {
            (PieceKind::Text(text), _) => emitter.text(text),
            (_, Parsed::Expression(expr)) => {
                emitter.push("{{ ");
                // What writes it refuses what is undefined.
                emitter.expr(expr, false);
                emitter.push(" }}");
            }
            (_, Parsed::Statement(statement)) => emitter.statement(statement),
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
}

impl Emitter {
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

    /// Emits an expression whose value is needed.
    fn must(&mut self, expr: &Expr) {
        let start = self.out.text.len();
        self.expr(expr, false);
        if may_be_undefined(expr) {
            self.push("|__must");
        }
        self.out.places.push((start..self.out.text.len(), expr.at.clone()));
    }

    /// Emits the same in brackets.
    fn must_unit(&mut self, expr: &Expr) {
        self.push("(");
        self.must(expr);
        self.push(")");
    }

    fn expr(&mut self, expr: &Expr, soft: bool) {
        let start = self.out.text.len();
        self.expr_kind(expr, soft);
        self.out.places.push((start..self.out.text.len(), expr.at.clone()));
    }

    fn expr_kind(&mut self, expr: &Expr, soft: bool) {
        match &expr.kind {
            ExprKind::Name(name) => self.push(name),
            ExprKind::Str(text) => {
                self.literal(text);
                if self.options.render_literals && crate::yaml::has_template(text) {
                    self.push("|__render");
                }
            }
            ExprKind::Number(number) => self.push(number),
            ExprKind::Bool(b) => self.push(if *b { "true" } else { "false" }),
            ExprKind::None => self.push("none"),
            ExprKind::List(items) => {
                self.sequence("[", items, "]");
                self.mutable();
            }
            ExprKind::Tuple(items) => self.sequence("(", items, if items.len() == 1 { ",)" } else { ")" }),
            ExprKind::Dict(entries) => {
                self.push("{");
                for (key, value) in entries {
                    self.must(key);
                    self.push(": ");
                    self.expr(value, false);
                    self.push(", ");
                }
                self.push("}");
                self.mutable();
            }
            ExprKind::Attr(base, name) => {
                self.unit(base, soft);
                self.push(".");
                self.push(name);
            }
            ExprKind::Item(base, index) => {
                self.unit(base, soft);
                self.push("[");
                self.must(index);
                self.push("]");
            }
            ExprKind::Slice(base, parts) => {
                self.must_unit(base);
                self.push("|__slice(");
                for part in parts {
                    match part {
                        Some(part) => self.must(part),
                        None => self.push("none"),
                    }
                    self.push(", ");
                }
                self.push(")");
            }
            ExprKind::Call(callee, args) => self.call(callee, args, soft),
            ExprKind::Filter(base, called) => self.filter(base, called, soft),
            ExprKind::Test(base, called, negated) => self.test(base, called, *negated),
            ExprKind::Negative(inner) => match &inner.kind {
                ExprKind::Number(number) => {
                    self.push("(-");
                    self.push(number);
                    self.push(")");
                }
                _ => {
                    self.unit(inner, false);
                    self.push("|__negative");
                }
            },
            ExprKind::Positive(inner) => {
                self.unit(inner, false);
                self.push("|__positive");
            }
            ExprKind::Not(inner) => {
                self.push("(not ");
                self.must_unit(inner);
                self.push(")");
            }
            ExprKind::Binary(operator, left, right) => {
                // Filters bind to the left: a chain needs no brackets, which would nest as deep as it is long.
                match &left.kind {
                    ExprKind::Binary(..) => self.expr(left, false),
                    _ => self.unit(left, false),
                }
                self.push(operator_filter(*operator));
                self.push("(");
                self.expr(right, false);
                self.push(")");
            }
            ExprKind::Compare(first, rest) => self.compare(first, rest),
            ExprKind::And(left, right) => self.both(left, " and ", right),
            ExprKind::Or(left, right) => self.both(left, " or ", right),
            ExprKind::If(then, test, otherwise) => {
                self.push("(");
                self.unit(then, false);
                self.push(" if ");
                self.must_unit(test);
                self.push(" else ");
                match otherwise {
                    Some(otherwise) => self.unit(otherwise, false),
                    None => self.push("none|__no_else"),
                }
                self.push(")");
            }
        }
    }

    /// Emits an expression so that a postfix binds to all of it.
    fn unit(&mut self, expr: &Expr, soft: bool) {
        let is_bare = matches!(
            expr.kind,
            ExprKind::Name(_) | ExprKind::Attr(..) | ExprKind::Item(..) | ExprKind::Str(_) | ExprKind::Tuple(_)
        );
        if is_bare && !self.options.render_literals {
            self.expr(expr, soft);
        } else {
            self.push("(");
            self.expr(expr, soft);
            self.push(")");
        }
    }

    fn both(&mut self, left: &Expr, word: &str, right: &Expr) {
        self.push("(");
        self.both_left(left, word);
        self.push(word);
        self.unit(right, false);
        self.push(")");
    }

    /// Emits what stands left of `and` or `or`; of a chain each part, without brackets that nest.
    fn both_left(&mut self, expr: &Expr, word: &str) {
        match (&expr.kind, word) {
            (ExprKind::And(left, right), " and ") | (ExprKind::Or(left, right), " or ") => {
                self.both_left(left, word);
                self.push(word);
                self.must_unit(right);
            }
            _ => self.must_unit(expr),
        }
    }

    fn mutable(&mut self) {
        if self.options.mutable {
            self.push("|__mutable");
        }
    }

    fn sequence(&mut self, open: &str, items: &[Expr], close: &str) {
        self.push(open);
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            self.expr(item, false);
        }
        self.push(close);
    }

    /// Emits the arguments of a function that can do nothing with what is undefined.
    fn must_args(&mut self, args: &[Arg]) {
        for arg in args {
            match arg {
                Arg::Value(expr) => self.must(expr),
                Arg::Named(name, expr) => {
                    self.push(name);
                    self.push("=");
                    self.must(expr);
                }
                other => self.args(std::slice::from_ref(other)),
            }
            if matches!(arg, Arg::Value(_) | Arg::Named(..)) {
                self.push(", ");
            }
        }
    }

    fn args(&mut self, args: &[Arg]) {
        for arg in args {
            match arg {
                Arg::Value(expr) => self.expr(expr, false),
                Arg::Named(name, expr) => {
                    self.push(name);
                    self.push("=");
                    self.expr(expr, false);
                }
                Arg::Splat(expr) => {
                    self.push("*");
                    self.must_unit(expr);
                }
                Arg::NamedSplat(expr) => {
                    self.push("**");
                    self.must_unit(expr);
                }
            }
            self.push(", ");
        }
    }

    fn call(&mut self, callee: &Expr, args: &[Arg], soft: bool) {
        match &callee.kind {
            ExprKind::Name(name) if name == "loop" => {
                self.push("loop(");
                if let Some(arg) = args.first() {
                    self.must_unit(arg.expr());
                    self.push("|__iterate");
                }
                self.push(")");
                return;
            }
            ExprKind::Attr(base, method) => {
                let is_engine_word = matches!(&base.kind, ExprKind::Name(name) if name == "self" || name == "loop");
                if soft && !is_engine_word {
                    self.unit(base, true);
                    self.push("|__soft_method(");
                    self.literal(method);
                    self.push(", ");
                } else {
                    match is_engine_word {
                        true => self.unit(base, false),
                        false => self.must_unit(base),
                    }
                    self.push(".");
                    self.push(method);
                    self.push("(");
                }
            }
            _ => {
                self.unit(callee, false);
                self.push("(");
            }
        }
        // For the same reason as in conditions: Ansible renders literals that a lookup is given.
        let is_lookup =
            matches!(&callee.kind, ExprKind::Name(name) if matches!(name.as_str(), "lookup" | "query" | "q"));
        let before = self.options.render_literals;
        self.options.render_literals = before || is_lookup;
        let is_function = matches!(&callee.kind, ExprKind::Name(name) if globals::NEEDING.contains(&name.as_str()));
        if is_function && !soft {
            self.must_args(args);
        } else {
            self.args(args);
        }
        self.options.render_literals = before;
        self.push(")");
    }

    fn filter(&mut self, base: &Expr, called: &Called, soft: bool) {
        let start = self.out.text.len();
        if TOLERANT_FILTERS.contains(&plain_name(&called.name)) {
            self.unit(base, true);
            self.push("|");
            self.push(&called.name);
            self.push("(");
        } else if soft {
            self.unit(base, true);
            self.push("|__soft_filter(");
            self.literal(&called.name);
            self.push(", ");
        } else {
            // The filter itself refuses an input that is undefined.
            self.unit(base, false);
            self.push("|");
            self.push(&called.name);
            self.push("(");
        }
        self.args(&called.args);
        self.push(")");
        self.out.places.push((start..self.out.text.len(), base.at.start..called.at.end));
    }

    fn test(&mut self, base: &Expr, called: &Called, negated: bool) {
        self.push(if negated { "(not (" } else { "((" });
        match plain_name(&called.name) {
            "defined" | "undefined" => self.unit(base, true),
            // The test itself refuses what is undefined.
            _ => self.unit(base, false),
        }
        self.push(" is ");
        self.push(&called.name);
        self.push("(");
        self.args(&called.args);
        self.push(")))");
    }

    fn compare(&mut self, first: &Expr, rest: &[(Comparison, Expr)]) {
        self.push("(");
        let mut left = first;
        for (i, (comparison, right)) in rest.iter().enumerate() {
            if i > 0 {
                self.push(" and ");
            }
            let start = self.out.text.len();
            self.unit(left, false);
            self.push(comparison_filter(*comparison));
            self.push("(");
            self.expr(right, false);
            self.push(")");
            self.out.places.push((start..self.out.text.len(), left.at.start..right.at.end));
            left = right;
        }
        self.push(")");
    }

    fn statement(&mut self, statement: &Statement) {
        self.push("{% ");
        match statement {
            Statement::For { target, over, filter, recursive } => {
                self.push("for ");
                self.target(target);
                self.push(" in ");
                self.must_unit(over);
                self.push("|__iterate");
                if let Some(filter) = filter {
                    self.push(" if ");
                    self.must_unit(filter);
                }
                self.push(if *recursive { " recursive" } else { "" });
            }
            Statement::If(test) | Statement::Elif(test) => {
                self.push(if matches!(statement, Statement::If(_)) { "if " } else { "elif " });
                self.must_unit(test);
            }
            Statement::Else => self.push("else"),
            Statement::Set { targets, value } => {
                self.push("set ");
                targets.iter().for_each(|target| self.target(target));
                self.push(" = ");
                self.unit(value, true);
                match targets.as_slice() {
                    [Expr { kind: ExprKind::Tuple(_), .. }] => self.push("|__iterate"),
                    _ => self.mutable(),
                }
            }
            Statement::SetBlock { target, filters } => {
                self.push("set ");
                self.target(target);
                for filter in filters {
                    self.push(" | ");
                    self.bare_filter(filter);
                }
            }
            Statement::With(set) => {
                self.push("with ");
                for (i, (target, value)) in set.iter().enumerate() {
                    self.push(if i > 0 { ", " } else { "" });
                    self.target(target);
                    self.push(" = ");
                    self.unit(value, true);
                    self.mutable();
                }
            }
            Statement::Macro { name, params } => {
                self.push("macro ");
                self.push(name);
                self.params(params);
            }
            Statement::CallBlock { params, call } => {
                self.push("call");
                self.params(params);
                self.push(" ");
                self.expr(call, false);
            }
            Statement::FilterBlock(filters) => {
                self.push("filter ");
                for (i, filter) in filters.iter().enumerate() {
                    self.push(if i > 0 { " | " } else { "" });
                    self.bare_filter(filter);
                }
            }
            Statement::Block { name, required } => {
                self.push("block ");
                self.push(name);
                self.push(if *required { " required" } else { "" });
            }
            Statement::Extends(template) => {
                self.push("extends ");
                self.must_unit(template);
            }
            Statement::Include { template, ignore_missing } => {
                // What the file sets stays in it.
                self.push("with %}{% include ");
                self.must_unit(template);
                if *ignore_missing {
                    self.push("|__or_nothing ignore missing");
                }
                self.push(" %}{% endwith");
            }
            Statement::Import { template, name } => {
                self.push("import ");
                self.must_unit(template);
                self.push(" as ");
                self.push(name);
            }
            Statement::From { template, names } => {
                self.push("from ");
                self.must_unit(template);
                self.push(" import ");
                for (i, (name, alias)) in names.iter().enumerate() {
                    self.push(if i > 0 { ", " } else { "" });
                    self.push(name);
                    if name != alias {
                        self.push(" as ");
                        self.push(alias);
                    }
                }
            }
            Statement::Do(expr) => {
                self.push("set __done = ");
                self.unit(expr, false);
            }
            Statement::Break => self.push("break"),
            Statement::Continue => self.push("continue"),
            Statement::End(what) => {
                self.push("end");
                self.push(what);
            }
        }
        self.push(" %}");
        if let Statement::Macro { params, .. } | Statement::CallBlock { params, .. } = statement {
            self.late_defaults(params);
        }
    }

    fn bare_filter(&mut self, called: &Called) {
        self.push(&called.name);
        self.push("(");
        self.args(&called.args);
        self.push(")");
    }

    fn params(&mut self, params: &[(String, Option<Expr>)]) {
        self.push("(");
        for (name, default) in params {
            self.push(name);
            match default {
                Some(default) if is_late(default, params) => self.push("=none|__missing"),
                Some(default) => {
                    self.push("=");
                    self.unit(default, false);
                }
                None => {}
            }
            self.push(", ");
        }
        self.push(")");
    }

    /// Emits the defaults that use other parameters: the engine computes them before it knows those.
    fn late_defaults(&mut self, params: &[(String, Option<Expr>)]) {
        for (name, default) in params {
            let Some(default) = default.as_ref().filter(|default| is_late(default, params)) else { continue };
            self.push("{% if ");
            self.push(name);
            self.push("|__is_missing %}{% set ");
            self.push(name);
            self.push(" = ");
            self.unit(default, false);
            self.push(" %}{% endif %}");
        }
    }

    fn target(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Tuple(items) => {
                self.push("(");
                for item in items {
                    self.target(item);
                    self.push(", ");
                }
                self.push(")");
            }
            _ => self.expr(target, false),
        }
    }
}

/// Claims that a parameter's default uses another parameter.
fn is_late(default: &Expr, params: &[(String, Option<Expr>)]) -> bool {
    let here = matches!(&default.kind, ExprKind::Name(name) if params.iter().any(|(param, _)| param == name));
    let mut found = here;
    default.children(&mut |child| found = found || is_late(child, params));
    found
}

/// Returns a filter's or test's name without the collection of Ansible's own.
pub(crate) fn plain_name(name: &str) -> &str {
    name.strip_prefix("ansible.builtin.").or(name.strip_prefix("ansible.legacy.")).unwrap_or(name)
}

fn may_be_undefined(expr: &Expr) -> bool {
    !matches!(
        expr.kind,
        ExprKind::Str(_)
            | ExprKind::Number(_)
            | ExprKind::Bool(_)
            | ExprKind::None
            | ExprKind::List(_)
            | ExprKind::Tuple(_)
            | ExprKind::Dict(_)
            | ExprKind::Slice(..)
            | ExprKind::Test(..)
            | ExprKind::Not(_)
            | ExprKind::Compare(..)
            | ExprKind::Binary(..)
            | ExprKind::Negative(_)
            | ExprKind::Positive(_)
    )
}

fn operator_filter(operator: Operator) -> &'static str {
    match operator {
        Operator::Add => "|__add",
        Operator::Subtract => "|__subtract",
        Operator::Multiply => "|__multiply",
        Operator::Divide => "|__divide",
        Operator::FloorDivide => "|__floor_divide",
        Operator::Modulo => "|__modulo",
        Operator::Power => "|__power",
        Operator::Concat => "|__concat",
    }
}

fn comparison_filter(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "|__equal",
        Comparison::NotEqual => "|__not_equal",
        Comparison::Less => "|__less",
        Comparison::LessOrEqual => "|__less_or_equal",
        Comparison::Greater => "|__greater",
        Comparison::GreaterOrEqual => "|__greater_or_equal",
        Comparison::In => "|__in",
        Comparison::NotIn => "|__not_in",
    }
}
