//! Which variables a text uses, without running it.
//!
//! Nothing may be missed: the order of tasks depends on it. So a name counts as used unless it is certain that the text
//! itself has set it (the target of a `for` around it, a parameter of the macro around it); what a `set` sets may be unset
//! on another way through the text, and counts. What cannot be known sets `everything` or `other_hosts`.

use super::compile::parsed_pieces;
use super::emit::Parsed;
use super::emit::plain_name;
use super::syntax::{Arg, Called, Delimiters, Expr, ExprKind, Piece, Statement, expression};
use super::{FileOptions, Names};
use crate::yaml::{Kind, Node, has_template};
use std::sync::Arc;

/// Lookups that read variables or templates which their arguments name.
const READING_LOOKUPS: [&str; 3] = ["vars", "varnames", "template"];

/// Returns what all texts in a node use.
pub fn names(node: &Node) -> Names {
    let mut found = Names::default();
    node_names(node, &mut found);
    found
}

fn node_names(node: &Node, found: &mut Names) {
    match &node.kind {
        Kind::Str(text) if has_template(text) => text_names(text, &Delimiters::playbook(), found),
        Kind::Seq(items) => items.iter().for_each(|item| node_names(item, found)),
        Kind::Map(map) => map.iter().for_each(|(_, key, value)| {
            node_names(key, found);
            node_names(value, found);
        }),
        _ => {}
    }
}

/// Returns what a bare expression uses (`when`, `loop: name`, `debug: var=`).
pub fn names_of_expression(text: &str) -> Names {
    let mut found = Names::default();
    match expression(text.trim(), false) {
        Ok(expr) => Walk { found: &mut found, local: Vec::new() }.expr(&expr),
        // What cannot be read is reported elsewhere; here it may be anything, such as a template around an expression.
        Err(_) if has_template(text) => text_names(text, &Delimiters::playbook(), &mut found),
        Err(_) => found.everything = true,
    }
    if has_template(text) && !found.everything {
        // The template's result is an expression again, which is not known.
        text_names(text, &Delimiters::playbook(), &mut found);
        found.everything = true;
    }
    found
}

/// Returns what a template file uses. What it includes by a constant name is not followed: it counts as everything.
pub fn names_of_file(text: &str, options: &FileOptions) -> Names {
    let mut found = Names::default();
    match super::header::delimiters(text, options) {
        Ok((body, how)) => text_names(&text[body..], &how, &mut found),
        Err(_) => found.everything = true,
    }
    found
}

fn text_names(text: &str, how: &Delimiters, found: &mut Names) {
    match parsed_pieces(how.without_last_newline(text), how) {
        Ok(pieces) => pieces_names(&pieces, found),
        Err(_) => found.everything = true,
    }
}

fn pieces_names(pieces: &[(Piece, Parsed)], found: &mut Names) {
    let mut walk = Walk { found, local: Vec::new() };
    for (_, parsed) in pieces {
        match parsed {
            Parsed::Text => {}
            Parsed::Expression(expr) => walk.expr(expr),
            Parsed::Statement(statement) => walk.statement(statement),
        }
    }
}

/// Returns every name that a text sets somewhere.
pub(crate) fn assigned(pieces: &[(Piece, Parsed)]) -> Vec<String> {
    let mut names = vec!["loop".to_owned()];
    for (_, parsed) in pieces {
        let Parsed::Statement(statement) = parsed else { continue };
        match statement {
            Statement::For { target, .. } | Statement::SetBlock { target, .. } => target_names(target, &mut names),
            Statement::Set { targets, .. } => targets.iter().for_each(|target| target_names(target, &mut names)),
            Statement::With(set) => set.iter().for_each(|(target, _)| target_names(target, &mut names)),
            Statement::Macro { name, params } => {
                names.push(name.clone());
                names.extend(params.iter().map(|(name, _)| name.clone()));
            }
            Statement::CallBlock { params, .. } => names.extend(params.iter().map(|(name, _)| name.clone())),
            Statement::Import { name, .. } => names.push(name.clone()),
            Statement::From { names: imported, .. } => names.extend(imported.iter().map(|(_, alias)| alias.clone())),
            _ => {}
        }
    }
    names
}

fn target_names(target: &Expr, names: &mut Vec<String>) {
    match &target.kind {
        ExprKind::Name(name) => names.push(name.clone()),
        ExprKind::Tuple(items) => items.iter().for_each(|item| target_names(item, names)),
        _ => {}
    }
}

struct Walk<'a> {
    found: &'a mut Names,
    /// The names that each open `for` or `macro` sets; other blocks set none here.
    local: Vec<Vec<String>>,
}

impl Walk<'_> {
    fn statement(&mut self, statement: &Statement) {
        let mut sets = Vec::new();
        match statement {
            Statement::For { target, over, filter, .. } => {
                self.expr(over);
                target_names(target, &mut sets);
                self.local.push(sets);
                if let Some(filter) = filter {
                    self.expr(filter);
                }
                // Only the body sees the loop itself.
                if let Some(top) = self.local.last_mut() {
                    top.push("loop".to_owned());
                }
                return;
            }
            // Behind the `else` of a `for` its target is not set.
            Statement::Else | Statement::Elif(_) => {
                if let Some(top) = self.local.last_mut() {
                    top.clear();
                }
            }
            Statement::Macro { params, .. } | Statement::CallBlock { params, .. } => {
                statement.exprs().into_iter().for_each(|expr| self.expr(expr));
                sets.extend(params.iter().map(|(name, _)| name.clone()));
                self.local.push(sets);
                return;
            }
            Statement::If(_)
            | Statement::SetBlock { .. }
            | Statement::With(_)
            | Statement::FilterBlock(_)
            | Statement::Block { .. } => self.local.push(Vec::new()),
            Statement::End(_) => {
                self.local.pop();
            }
            Statement::Extends(_) | Statement::Include { .. } | Statement::Import { .. } | Statement::From { .. } => {
                self.found.everything = true;
                self.found.other_hosts = true;
            }
            Statement::Set { .. } | Statement::Do(_) | Statement::Break | Statement::Continue => {}
        }
        statement.exprs().into_iter().for_each(|expr| self.expr(expr));
        statement.filters().iter().for_each(|called| self.called(called));
    }

    fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.name(name),
            ExprKind::Attr(base, name) if is_name(base, "vars") => self.add(name),
            ExprKind::Item(base, index) if is_name(base, "vars") => match index.as_str() {
                Some(name) => self.add(name),
                None => {
                    self.found.everything = true;
                    self.expr(index);
                }
            },
            ExprKind::Call(callee, args) => {
                if let ExprKind::Name(name) = &callee.kind
                    && matches!(name.as_str(), "lookup" | "query" | "q")
                {
                    self.lookup(args);
                }
                // A method: `vars.items()`.
                if matches!(&callee.kind, ExprKind::Attr(base, _) if is_name(base, "vars")) {
                    self.found.everything = true;
                }
                expr.children(&mut |child| self.expr(child));
            }
            ExprKind::Filter(_, called) | ExprKind::Test(_, called, _) => {
                self.called(called);
                expr.children(&mut |child| self.expr(child));
            }
            ExprKind::Str(text) if has_template(text) => {
                // In a condition such a literal is rendered.
                text_names(text, &Delimiters::playbook(), self.found);
            }
            _ => expr.children(&mut |child| self.expr(child)),
        }
    }

    fn name(&mut self, name: &str) {
        match name {
            _ if self.local.iter().flatten().any(|local| local == name) => {}
            "hostvars" => {
                self.found.own.insert(Arc::from(name));
                self.found.other_hosts = true;
            }
            "vars" => {
                self.found.everything = true;
            }
            _ => self.add(name),
        }
    }

    fn add(&mut self, name: &str) {
        if !self.found.own.contains(name) {
            self.found.own.insert(Arc::from(name));
        }
    }

    /// Filters that look names up: `map('extract', hostvars)` names `hostvars` itself, so that nothing is left but
    /// templates in templates.
    fn called(&mut self, called: &Called) {
        if plain_name(&called.name) == "template" {
            self.found.everything = true;
        }
    }

    fn lookup(&mut self, args: &[Arg]) {
        let Some(Arg::Value(first)) = args.first() else {
            self.found.everything = true;
            self.found.other_hosts = true;
            return;
        };
        match first.as_str().map(plain_name) {
            None => {
                self.found.everything = true;
                self.found.other_hosts = true;
            }
            Some(name) if READING_LOOKUPS.contains(&name) => {
                let constant = args[1..].iter().all(|arg| matches!(arg, Arg::Value(expr) if expr.as_str().is_some()));
                if name == "vars" && constant {
                    for arg in &args[1..] {
                        if let Some(name) = arg.expr().as_str() {
                            self.add(name);
                        }
                    }
                } else {
                    self.found.everything = true;
                    self.found.other_hosts = true;
                }
            }
            Some(_) => {}
        }
    }
}

fn is_name(expr: &Expr, wanted: &str) -> bool {
    matches!(&expr.kind, ExprKind::Name(name) if name == wanted)
}
