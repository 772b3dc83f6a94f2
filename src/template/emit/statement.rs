//! Statements: what stands between `{%` and `%}`.

use super::Emitter;
use super::kept::Body;
use crate::template::apart;
use crate::template::syntax::{Expr, ExprKind, Statement};

impl Emitter {
    pub(super) fn statement(&mut self, statement: &Statement, body: Body) {
        self.push("{% ");
        match statement {
            Statement::For { target, over, filter, recursive } => {
                self.opened("for");
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
            Statement::If(test) => {
                self.opened("if");
                self.push("if ");
                self.must_unit(test);
            }
            Statement::Elif(test) => {
                self.push("elif ");
                self.must_unit(test);
            }
            Statement::Else => {
                self.push("else");
                self.otherwise();
            }
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
                self.keep("set", filters, body);
            }
            Statement::With(set) => {
                self.opened("with");
                self.push("with ");
                self.with(set);
            }
            Statement::Macro { name, params } => self.macro_tag(name, params, body),
            Statement::CallBlock { params, call } => self.call_tag(params, call, body),
            Statement::FilterBlock(filters) => {
                self.push("filter");
                self.keep("filter", filters, body);
            }
            Statement::Block { name, required, .. } => {
                self.opened("block");
                self.push("block ");
                self.push(name);
                self.push(if *required { " required" } else { "" });
            }
            Statement::Extends(template) => {
                self.push("extends ");
                self.must_unit(template);
            }
            Statement::Include { template, ignore_missing, context } => {
                // What the file sets stays in it.
                self.push("with %}{% include ");
                self.must_unit(template);
                self.push(if *ignore_missing { "|__or_nothing" } else { "" });
                self.push(if *context { "" } else { "|__apart" });
                self.push(if *ignore_missing { " ignore missing" } else { "" });
                self.push(" %}{% endwith");
            }
            Statement::Import { .. } | Statement::From { .. } if self.options.counts => {
                // What the file writes is not written here.
                self.push("set __opened = none|__open %}{% ");
                self.imported(statement);
                self.push(" %}{% set __opened = __opened|__then('')");
            }
            Statement::Import { .. } | Statement::From { .. } => self.imported(statement),
            Statement::Do(expr) => {
                self.push("set __done = ");
                self.unit(expr, false);
            }
            Statement::Break => self.push("break"),
            Statement::Continue => self.push("continue"),
            Statement::End(what) => return self.end(what),
        }
        self.push(" %}");
        if let Statement::Macro { params, .. } | Statement::CallBlock { params, .. } = statement {
            self.late_defaults(params);
        }
    }

    /// Emits what a `with` sets: all at once where a value uses what is set before it, which means the one around then.
    fn with(&mut self, set: &[(Expr, Expr)]) {
        let uses_earlier = |at: usize, value: &Expr| set[..at].iter().any(|(target, _)| uses(value, target));
        let at_once = set.iter().enumerate().any(|(at, (_, value))| uses_earlier(at, value));
        if at_once {
            self.push("(");
            set.iter().for_each(|(target, _)| {
                self.target(target);
                self.push(", ");
            });
            self.push(") = (");
        }
        for (i, (target, value)) in set.iter().enumerate() {
            self.push(if i > 0 { ", " } else { "" });
            if !at_once {
                self.target(target);
                self.push(" = ");
            }
            self.unit(value, true);
            self.mutable();
        }
        self.push(if at_once { ")" } else { "" });
    }

    fn imported(&mut self, statement: &Statement) {
        match statement {
            Statement::Import { template, name, context } => self.import(template, name, *context),
            Statement::From { template, names, context: true } => {
                self.import(template, "__imported", true);
                for (name, alias) in names {
                    self.push(&format!(" %}}{{% set {alias} = __imported.{name}"));
                }
            }
            Statement::From { template, names, context: false } => {
                self.push("from ");
                self.must_unit(template);
                self.push("|__apart import ");
                for (i, (name, alias)) in names.iter().enumerate() {
                    self.push(if i > 0 { ", " } else { "" });
                    self.push(&apart::name_of(name, self.options.depth + 1));
                    self.push(" as ");
                    self.push(alias);
                }
            }
            _ => {}
        }
    }

    /// Emits an import of a whole file, whose names are given back where they are not those of its author.
    fn import(&mut self, template: &Expr, name: &str, context: bool) {
        self.push("import ");
        self.must_unit(template);
        self.push(if context { " as " } else { "|__apart as " });
        self.push(name);
        let depth = self.options.depth + usize::from(!context);
        if depth > 0 {
            self.push(&format!(" %}}{{% set {name} = {name}|__exports({depth})"));
        }
    }

    pub(super) fn params(&mut self, params: &[(String, Option<Expr>)], body: Body) {
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
        self.push(if body.takes_more { "varargs=none, " } else { "" });
        self.push(if body.takes_named { "kwargs=none, " } else { "" });
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

/// Claims that an expression uses a name.
fn uses(expr: &Expr, name: &Expr) -> bool {
    let mut found = expr.kind == name.kind;
    expr.children(&mut |child| found = found || uses(child, name));
    found
}

/// Claims that a parameter's default uses another parameter.
fn is_late(default: &Expr, params: &[(String, Option<Expr>)]) -> bool {
    let here = matches!(&default.kind, ExprKind::Name(name) if params.iter().any(|(param, _)| param == name));
    let mut found = here;
    default.children(&mut |child| found = found || is_late(child, params));
    found
}
