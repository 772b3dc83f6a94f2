//! What is wrong with templates, found without running them.

use super::compile::{Mode, compiled, parse_piece};
use super::emit::{Parsed, plain_name};
use super::refused;
use super::syntax::{Called, Delimiters, Expr, ExprKind, SyntaxError, expression, pieces};
use super::undefined::{all_filters, all_tests};
use super::{FileOptions, ReferenceKind, is_all_template, lookups};
use crate::source::{Diagnostic, Diagnostics, SourceId, SourceMap, Span, did_you_mean};
use crate::yaml::{Kind, Node, has_template};
use std::ops::Range;
use std::sync::Arc;

/// Finds what is wrong with the templates in a node.
///
/// Codes: `E0201` syntax, `E0202` unknown filter, `E0203` unknown test, `E0204` unknown lookup, `E0205` a condition that
/// is no expression, `W0206` braces in a condition.
pub fn check(node: &Node, sources: &SourceMap, found: &mut Diagnostics) {
    match &node.kind {
        Kind::Str(text) if has_template(text) => {
            Check { place: &|at| node.place_of(sources, at.start, at.end), found }.text(text, &Delimiters::playbook());
        }
        Kind::Seq(items) => items.iter().for_each(|item| check(item, sources, found)),
        Kind::Map(map) => map.iter().for_each(|(_, _, value)| check(value, sources, found)),
        _ => {}
    }
}

/// Finds what is wrong with a bare expression: `loop: name`, `debug: var=`. A node that is no text, or text with braces,
/// is checked as templates are.
pub fn check_expression(node: &Node, sources: &SourceMap, found: &mut Diagnostics) {
    match &node.kind {
        Kind::Str(text) if !has_template(text) => {
            Check { place: &|at| node.place_of(sources, at.start, at.end), found }.bare(text, Mode::Expression);
        }
        _ => check(node, sources, found),
    }
}

/// Finds what is wrong with a condition, or with each of a list of them.
pub fn check_condition(node: &Node, sources: &SourceMap, found: &mut Diagnostics) {
    match &node.kind {
        Kind::Bool(_) => {}
        Kind::Seq(items) => items.iter().for_each(|item| check_condition(item, sources, found)),
        Kind::Str(text) if text.trim().is_empty() => {
            found.push(Diagnostic::error("E0205", "condition is empty").at(node.span));
        }
        Kind::Str(text) if is_all_template(text.trim()) => {
            found.push(
                Diagnostic::warning("W0206", "condition stands in braces")
                    .at(node.span)
                    .help("a condition is an expression already: leave the braces away"),
            );
            check(node, sources, found);
        }
        Kind::Str(text) => {
            Check { place: &|at| node.place_of(sources, at.start, at.end), found }.bare(text, Mode::Condition);
        }
        _ => {
            let message = format!("condition is a {}, not an expression", node.kind_name());
            found.push(Diagnostic::error("E0205", message).at(node.span));
        }
    }
}

/// Finds what is wrong with the text of a template file.
pub fn check_file(text: &str, options: &FileOptions, source: SourceId, found: &mut Diagnostics) {
    let place = |at: Range<usize>| Span::new(source, at.start, at.end);
    match super::header::delimiters(text, options) {
        Ok((body, how)) => {
            let place = |at: Range<usize>| Span::new(source, at.start + body, at.end + body);
            Check { place: &place, found }.text(&text[body..], &how);
        }
        Err(error) => Check { place: &place, found }.wrong(&error),
    }
}

struct Check<'a> {
    place: &'a dyn Fn(Range<usize>) -> Span,
    found: &'a mut Diagnostics,
}

impl Check<'_> {
    fn wrong(&mut self, error: &SyntaxError) {
        self.found.push(
            Diagnostic::error("E0201", format!("syntax error in a template: {}", error.message))
                .at((self.place)(error.at.clone()))
                .maybe_help(error.help.clone()),
        );
    }

    fn text(&mut self, text: &str, how: &Delimiters) {
        let pieces = match pieces(how.without_last_newline(text), how) {
            Ok(pieces) => pieces,
            Err(error) => return self.wrong(&error),
        };
        let mut all_read = true;
        for piece in &pieces {
            match parse_piece(piece) {
                Ok(Parsed::Text) => {}
                Ok(Parsed::Expression(expr)) => self.expr(&expr),
                Ok(Parsed::Statement(statement)) => {
                    statement.exprs().into_iter().for_each(|expr| self.expr(expr));
                    statement.filters().iter().for_each(|called| self.filter(called));
                }
                Err(error) => {
                    all_read = false;
                    self.wrong(&error);
                }
            }
        }
        // What fits together (`if` and `endif`) is known to the engine alone.
        if all_read && let Some(error) = super::compile::compile_error(text, how) {
            self.wrong(&error);
        }
    }

    fn bare(&mut self, text: &str, mode: Mode) {
        match expression(text, mode == Mode::Expression) {
            Ok(expr) => self.expr(&expr),
            Err(error) => return self.wrong(&error),
        }
        if let super::compile::Compiled::Wrong(error) = &*compiled(&Arc::from(text), mode) {
            self.wrong(error);
        }
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Filter(_, called) => self.filter(called),
            ExprKind::Test(_, called, _) => self.test(called),
            ExprKind::Call(callee, args) => {
                if let ExprKind::Name(name) = &callee.kind
                    && matches!(name.as_str(), "lookup" | "query" | "q")
                    && let Some(first) = args.first().map(super::syntax::Arg::expr)
                    && let Some(name) = first.as_str()
                    && !has_template(name)
                    && lookups::find(name).is_none()
                {
                    let (message, help) = lookups::unknown(name);
                    self.found
                        .push(Diagnostic::error("E0204", message).at((self.place)(first.at.clone())).maybe_help(help));
                }
            }
            _ => {}
        }
        expr.children(&mut |child| self.expr(child));
    }

    fn filter(&mut self, called: &Called) {
        let name = plain_name(&called.name);
        if all_filters().any(|filter| filter.name == name || filter.aliases.contains(&name)) {
            return;
        }
        let names = all_filters().flat_map(|filter| std::iter::once(filter.name).chain(filter.aliases.iter().copied()));
        if let Some(refused) = refused::find(ReferenceKind::Filter, name) {
            let message = format!("filter `{}` is not supported", called.name);
            let place = (self.place)(called.at.clone());
            return self.found.push(Diagnostic::error("E0202", message).at(place).help(refused.why));
        }
        self.found.push(
            Diagnostic::error("E0202", format!("unknown filter `{}`", called.name))
                .at((self.place)(called.at.clone()))
                .maybe_help(did_you_mean(name, names)),
        );
    }

    fn test(&mut self, called: &Called) {
        let name = plain_name(&called.name);
        if all_tests().any(|test| test.name == name || test.aliases.contains(&name)) {
            return;
        }
        let names = all_tests().flat_map(|test| std::iter::once(test.name).chain(test.aliases.iter().copied()));
        if let Some(refused) = refused::find(ReferenceKind::Test, name) {
            let message = format!("test `{}` is not supported", called.name);
            let place = (self.place)(called.at.clone());
            return self.found.push(Diagnostic::error("E0203", message).at(place).help(refused.why));
        }
        self.found.push(
            Diagnostic::error("E0203", format!("unknown test `{}`", called.name))
                .at((self.place)(called.at.clone()))
                .maybe_help(did_you_mean(name, names)),
        );
    }
}
