//! Calls of functions, methods, filters and tests, with their arguments.

use super::{Emitter, plain_name};
use crate::template::globals;
use crate::template::syntax::{Arg, Called, Expr, ExprKind};

/// Filters that take what is undefined.
const TOLERANT_FILTERS: [&str; 5] = ["default", "d", "mandatory", "type_debug", "__must"];

impl Emitter {
    /// Emits the arguments of a function that can do nothing with what is undefined.
    pub(super) fn must_args(&mut self, args: &[Arg]) {
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

    pub(super) fn args(&mut self, args: &[Arg]) {
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

    pub(super) fn call(&mut self, callee: &Expr, args: &[Arg], soft: bool) {
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

    pub(super) fn filter(&mut self, base: &Expr, called: &Called, soft: bool) {
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

    pub(super) fn test(&mut self, base: &Expr, called: &Called, negated: bool, soft: bool) {
        let asks_itself = matches!(plain_name(&called.name), "defined" | "undefined");
        if soft && !negated && !asks_itself {
            self.unit(base, true);
            self.push("|__soft_test(");
            self.literal(&called.name);
            self.push(", ");
            self.args(&called.args);
            self.push(")");
            return;
        }
        self.push(if negated { "(not (" } else { "((" });
        // Other tests refuse what is undefined by themselves.
        self.unit(base, asks_itself);
        self.push(" is ");
        self.push(&called.name);
        self.push("(");
        self.args(&called.args);
        self.push(")))");
    }

    pub(super) fn bare_filter(&mut self, called: &Called) {
        self.push(&called.name);
        self.push("(");
        self.args(&called.args);
        self.push(")");
    }
}
