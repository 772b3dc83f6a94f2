//! Expressions: names, literals, operators, comparisons.

use super::Emitter;
use super::kept::gives_text;
use crate::template::methods::OF_DICTIONARIES;
use crate::template::syntax::{Comparison, Expr, ExprKind, Operator};

impl Emitter {
    /// Emits an expression whose value is needed.
    pub(super) fn must(&mut self, expr: &Expr) {
        let start = self.out.text.len();
        self.expr(expr, false);
        if may_be_undefined(expr) {
            self.push("|__must");
        }
        self.out.places.push((start..self.out.text.len(), expr.at.clone()));
    }

    /// Emits the same in brackets.
    pub(super) fn must_unit(&mut self, expr: &Expr) {
        self.push("(");
        self.must(expr);
        self.push(")");
    }

    pub(super) fn expr(&mut self, expr: &Expr, soft: bool) {
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
            ExprKind::Attr(base, name) if is_method(base, name) => {
                self.unit(base, soft);
                self.push("|__member(");
                self.literal(name);
                self.push(")");
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
            ExprKind::Call(callee, args) if gives_text(expr) => self.kept_call(callee, args),
            ExprKind::Call(callee, args) => self.call(callee, args, soft),
            ExprKind::Filter(base, called) => self.filter(base, called, soft),
            ExprKind::Test(base, called, negated) => self.test(base, called, *negated, soft),
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
    pub(super) fn unit(&mut self, expr: &Expr, soft: bool) {
        let is_bare = match &expr.kind {
            ExprKind::Attr(base, name) => !is_method(base, name),
            ExprKind::Name(_) | ExprKind::Item(..) | ExprKind::Str(_) | ExprKind::Tuple(_) => true,
            _ => false,
        };
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

    pub(super) fn mutable(&mut self) {
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
}

/// Claims that an attribute may be a method of a dictionary.
pub(crate) fn is_method(base: &Expr, name: &str) -> bool {
    let is_engine_word = matches!(&base.kind, ExprKind::Name(name) if name == "self" || name == "loop");
    OF_DICTIONARIES.contains(&name) && !is_engine_word
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
