//! Tokens to expressions, with Jinja's precedence.

use super::lex::{Token, TokenKind, expression_tokens};
use super::{Arg, Called, Comparison, Expr, ExprKind, Operator, SyntaxError};
use std::ops::Range;

/// The deepest nesting of expressions; far above anything that a person writes, and safe for the stack.
const MAX_DEPTH: usize = 60;

/// The longest chain of operators, `a ~ b ~ c`: it nests as deep as it is long.
const MAX_CHAIN: usize = 200;

/// Reads a bare expression.
pub(crate) fn expression(text: &str, plain_backslashes: bool) -> Result<Expr, SyntaxError> {
    let tokens = expression_tokens(text, plain_backslashes)?;
    tokens_expression(&tokens, 0..text.len())
}

/// Reads an expression that takes all tokens; `at` is where an empty one stands.
pub(crate) fn tokens_expression(tokens: &[Token], at: Range<usize>) -> Result<Expr, SyntaxError> {
    let mut parser = Parser::new(tokens, at);
    let expr = parser.tuple(true)?;
    parser.end()?;
    Ok(expr)
}

pub(super) struct Parser<'a> {
    tokens: &'a [Token],
    next: usize,
    whole: Range<usize>,
    depth: usize,
}

type Parsed = Result<Expr, SyntaxError>;

impl<'a> Parser<'a> {
    pub(super) fn new(tokens: &'a [Token], whole: Range<usize>) -> Parser<'a> {
        Parser { tokens, next: 0, whole, depth: 0 }
    }

    fn peek(&self) -> Option<&'a TokenKind> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    /// Returns the place of the next token.
    pub(super) fn here(&self) -> Range<usize> {
        match (self.tokens.get(self.next), self.tokens.last()) {
            (Some(token), _) => token.at.clone(),
            (None, Some(last)) => last.at.end.saturating_sub(1).max(last.at.start)..last.at.end,
            (None, None) => self.whole.clone(),
        }
    }

    fn last_end(&self) -> usize {
        self.next.checked_sub(1).and_then(|i| self.tokens.get(i)).map_or(self.whole.start, |token| token.at.end)
    }

    pub(super) fn is_mark(&self, mark: &str) -> bool {
        matches!(self.peek(), Some(TokenKind::Mark(m)) if *m == mark)
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self.peek(), Some(TokenKind::Name(n)) if n == name)
    }

    pub(super) fn skip_mark(&mut self, mark: &str) -> bool {
        let is = self.is_mark(mark);
        self.next += usize::from(is);
        is
    }

    pub(super) fn skip_name(&mut self, name: &str) -> bool {
        let is = self.is_name(name);
        self.next += usize::from(is);
        is
    }

    pub(super) fn is_done(&self) -> bool {
        self.next >= self.tokens.len()
    }

    /// Returns the mistake that something else was expected here.
    pub(super) fn wrong(&self, expected: &str) -> SyntaxError {
        match self.peek() {
            None => SyntaxError::new(format!("expected {expected}, found the end"), self.here()),
            Some(kind) => {
                let found = match kind {
                    TokenKind::Name(name) => name.clone(),
                    TokenKind::Number(number) => number.clone(),
                    TokenKind::Str(_) => {
                        return SyntaxError::new(format!("expected {expected}, found text"), self.here());
                    }
                    TokenKind::Mark(mark) => (*mark).to_owned(),
                };
                SyntaxError::new(format!("expected {expected}, found `{found}`"), self.here())
            }
        }
    }

    pub(super) fn expect_mark(&mut self, mark: &str) -> Result<(), SyntaxError> {
        if self.skip_mark(mark) { Ok(()) } else { Err(self.wrong(&format!("`{mark}`"))) }
    }

    pub(super) fn expect_name(&mut self, name: &str) -> Result<(), SyntaxError> {
        if self.skip_name(name) { Ok(()) } else { Err(self.wrong(&format!("`{name}`"))) }
    }

    pub(super) fn name(&mut self, what: &str) -> Result<(String, Range<usize>), SyntaxError> {
        match self.peek() {
            Some(TokenKind::Name(name)) => {
                let at = self.here();
                self.next += 1;
                Ok((name.clone(), at))
            }
            _ => Err(self.wrong(what)),
        }
    }

    pub(super) fn end(&self) -> Result<(), SyntaxError> {
        if self.is_done() {
            return Ok(());
        }
        let error = self.wrong("the end of the expression");
        Err(match self.peek() {
            Some(TokenKind::Mark("=")) => error.help("`==` compares"),
            Some(TokenKind::Mark("{")) => error.help("`{{ }}` does not stand inside an expression: use the name alone"),
            Some(TokenKind::Name(name)) if name == "AND" || name == "OR" => {
                error.help(format!("write `{}`", name.to_lowercase()))
            }
            _ => error,
        })
    }

    /// Reads one expression, or several with commas between them as a tuple.
    pub(super) fn tuple(&mut self, with_condition: bool) -> Parsed {
        let start = self.here().start;
        let one = |parser: &mut Self| if with_condition { parser.expr() } else { parser.or() };
        let first = one(self)?;
        if !self.is_mark(",") {
            return Ok(first);
        }
        let mut items = vec![first];
        while self.skip_mark(",") {
            if self.is_done() || self.is_mark(")") || self.is_mark("=") || self.is_name("in") {
                break;
            }
            items.push(one(self)?);
        }
        Ok(Expr::new(ExprKind::Tuple(items), start..self.last_end()))
    }

    /// Reads an expression without the inline condition.
    pub(super) fn or(&mut self) -> Parsed {
        let start = self.here().start;
        let mut left = self.and()?;
        let mut length = 0;
        while self.skip_name("or") {
            self.chain(&mut length)?;
            let right = self.and()?;
            left = Expr::new(ExprKind::Or(Box::new(left), Box::new(right)), start..self.last_end());
        }
        Ok(left)
    }

    pub(super) fn expr(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(SyntaxError::new(format!("more than {MAX_DEPTH} expressions inside each other"), self.here()));
        }
        let start = self.here().start;
        let mut expr = self.or()?;
        while self.skip_name("if") {
            let test = self.or()?;
            let otherwise = if self.skip_name("else") { Some(Box::new(self.expr()?)) } else { None };
            expr = Expr::new(ExprKind::If(Box::new(expr), Box::new(test), otherwise), start..self.last_end());
        }
        self.depth -= 1;
        Ok(expr)
    }

    fn chain(&self, length: &mut usize) -> Result<(), SyntaxError> {
        *length += 1;
        if *length > MAX_CHAIN {
            return Err(SyntaxError::new(format!("more than {MAX_CHAIN} operators in a chain"), self.here()));
        }
        Ok(())
    }

    fn and(&mut self) -> Parsed {
        let start = self.here().start;
        let mut left = self.not()?;
        let mut length = 0;
        while self.skip_name("and") {
            self.chain(&mut length)?;
            let right = self.not()?;
            left = Expr::new(ExprKind::And(Box::new(left), Box::new(right)), start..self.last_end());
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed {
        let start = self.here().start;
        let mut count = 0;
        while self.skip_name("not") {
            count += 1;
            if count > MAX_DEPTH {
                return Err(SyntaxError::new("too many `not`", self.here()));
            }
        }
        let mut expr = self.compare()?;
        for _ in 0..count {
            expr = Expr::new(ExprKind::Not(Box::new(expr)), start..self.last_end());
        }
        Ok(expr)
    }

    fn compare(&mut self) -> Parsed {
        let start = self.here().start;
        let first = self.sum()?;
        let mut rest = Vec::new();
        loop {
            let comparison = match self.peek() {
                Some(TokenKind::Mark("==")) => Comparison::Equal,
                Some(TokenKind::Mark("!=")) => Comparison::NotEqual,
                Some(TokenKind::Mark("<")) => Comparison::Less,
                Some(TokenKind::Mark("<=")) => Comparison::LessOrEqual,
                Some(TokenKind::Mark(">")) => Comparison::Greater,
                Some(TokenKind::Mark(">=")) => Comparison::GreaterOrEqual,
                Some(TokenKind::Name(name)) if name == "in" => Comparison::In,
                Some(TokenKind::Name(name)) if name == "not" => match self.tokens.get(self.next + 1) {
                    Some(Token { kind: TokenKind::Name(name), .. }) if name == "in" => {
                        self.next += 1;
                        Comparison::NotIn
                    }
                    _ => break,
                },
                _ => break,
            };
            self.next += 1;
            rest.push((comparison, self.sum()?));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        Ok(Expr::new(ExprKind::Compare(Box::new(first), rest), start..self.last_end()))
    }

    fn binary(&mut self, operators: &[(&str, Operator)], below: fn(&mut Self) -> Parsed) -> Parsed {
        let start = self.here().start;
        let mut left = below(self)?;
        let mut length = 0;
        while let Some((_, operator)) = operators.iter().find(|(mark, _)| self.is_mark(mark)) {
            self.next += 1;
            self.chain(&mut length)?;
            let right = below(self)?;
            left = Expr::new(ExprKind::Binary(*operator, Box::new(left), Box::new(right)), start..self.last_end());
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed {
        self.binary(&[("+", Operator::Add), ("-", Operator::Subtract)], Self::concat)
    }

    fn concat(&mut self) -> Parsed {
        self.binary(&[("~", Operator::Concat)], Self::product)
    }

    fn product(&mut self) -> Parsed {
        let operators = [
            ("*", Operator::Multiply),
            ("/", Operator::Divide),
            ("//", Operator::FloorDivide),
            ("%", Operator::Modulo),
        ];
        self.binary(&operators, Self::power)
    }

    fn power(&mut self) -> Parsed {
        self.binary(&[("**", Operator::Power)], |parser| parser.unary(true))
    }

    fn unary(&mut self, with_filters: bool) -> Parsed {
        let start = self.here().start;
        let sign = match self.peek() {
            Some(TokenKind::Mark("-")) => Some(ExprKind::Negative as fn(Box<Expr>) -> ExprKind),
            Some(TokenKind::Mark("+")) => Some(ExprKind::Positive as fn(Box<Expr>) -> ExprKind),
            _ => None,
        };
        let mut expr = match sign {
            Some(sign) => {
                self.next += 1;
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(SyntaxError::new("too many signs", self.here()));
                }
                let inner = self.unary(false)?;
                self.depth -= 1;
                Expr::new(sign(Box::new(inner)), start..self.last_end())
            }
            None => self.primary()?,
        };
        expr = self.postfix(expr, start)?;
        if with_filters { self.filters(expr, start) } else { Ok(expr) }
    }

    fn primary(&mut self) -> Parsed {
        let at = self.here();
        let Some(kind) = self.peek() else { return Err(self.wrong("an expression")) };
        let kind = match kind {
            TokenKind::Name(name) => match name.as_str() {
                "true" | "True" => ExprKind::Bool(true),
                "false" | "False" => ExprKind::Bool(false),
                "none" | "None" => ExprKind::None,
                "and" | "or" | "if" | "else" | "is" | "in" | "not" => return Err(self.wrong("an expression")),
                _ => ExprKind::Name(name.clone()),
            },
            TokenKind::Number(number) => ExprKind::Number(number.clone()),
            TokenKind::Str(text) => {
                let mut text = text.clone();
                while let Some(Token { kind: TokenKind::Str(more), .. }) = self.tokens.get(self.next + 1) {
                    text.push_str(more);
                    self.next += 1;
                }
                ExprKind::Str(text)
            }
            TokenKind::Mark("(") => return self.parenthesised(),
            TokenKind::Mark("[") => return self.list(),
            TokenKind::Mark("{") => return self.dict(),
            TokenKind::Mark(_) => return Err(self.wrong("an expression")),
        };
        self.next += 1;
        Ok(Expr::new(kind, at.start..self.last_end()))
    }

    fn parenthesised(&mut self) -> Parsed {
        let start = self.here().start;
        self.next += 1;
        let kind = if self.is_mark(")") { ExprKind::Tuple(Vec::new()) } else { self.tuple(true)?.kind };
        self.expect_mark(")")?;
        Ok(Expr::new(kind, start..self.last_end()))
    }

    fn list(&mut self) -> Parsed {
        let start = self.here().start;
        self.next += 1;
        let mut items = Vec::new();
        while !self.is_mark("]") {
            if !items.is_empty() {
                self.expect_mark(",")?;
                if self.is_mark("]") {
                    break;
                }
            }
            items.push(self.expr()?);
        }
        self.expect_mark("]")?;
        Ok(Expr::new(ExprKind::List(items), start..self.last_end()))
    }

    fn dict(&mut self) -> Parsed {
        let start = self.here().start;
        self.next += 1;
        let mut entries = Vec::new();
        while !self.is_mark("}") {
            if !entries.is_empty() {
                self.expect_mark(",")?;
                if self.is_mark("}") {
                    break;
                }
            }
            let key = self.expr()?;
            self.expect_mark(":")?;
            entries.push((key, self.expr()?));
        }
        self.expect_mark("}")?;
        Ok(Expr::new(ExprKind::Dict(entries), start..self.last_end()))
    }

    /// Reads attributes, subscripts and calls. A long chain nests deep, so that it counts like nesting.
    fn postfix(&mut self, mut expr: Expr, start: usize) -> Parsed {
        let mut length = 0;
        loop {
            length += 1;
            if length > MAX_DEPTH {
                return Err(SyntaxError::new(format!("more than {MAX_DEPTH} accesses in a chain"), self.here()));
            }
            let base = Box::new(expr);
            let kind = match self.peek() {
                Some(TokenKind::Mark(".")) => {
                    self.next += 1;
                    match self.peek() {
                        Some(TokenKind::Number(number)) => {
                            let index = Expr::new(ExprKind::Number(number.clone()), self.here());
                            self.next += 1;
                            ExprKind::Item(base, Box::new(index))
                        }
                        _ => ExprKind::Attr(base, self.name("a name behind the dot")?.0),
                    }
                }
                Some(TokenKind::Mark("[")) => self.subscript(base)?,
                Some(TokenKind::Mark("(")) => ExprKind::Call(base, self.args()?),
                _ => return Ok(*base),
            };
            expr = Expr::new(kind, start..self.last_end());
        }
    }

    fn subscript(&mut self, base: Box<Expr>) -> Result<ExprKind, SyntaxError> {
        self.next += 1;
        let mut parts: [Option<Box<Expr>>; 3] = [None, None, None];
        let mut part = 0;
        while !self.is_mark("]") {
            if self.skip_mark(":") {
                part += 1;
                if part > 2 {
                    return Err(self.wrong("`]`"));
                }
                continue;
            }
            if parts[part].is_some() {
                return Err(self.wrong("`]`"));
            }
            parts[part] = Some(Box::new(self.tuple(true)?));
        }
        self.expect_mark("]")?;
        if part > 0 {
            return Ok(ExprKind::Slice(base, parts));
        }
        match parts {
            [Some(index), _, _] => Ok(ExprKind::Item(base, index)),
            _ => Err(SyntaxError::new("subscript is empty", base.at.end..self.last_end())),
        }
    }

    pub(super) fn args(&mut self) -> Result<Vec<Arg>, SyntaxError> {
        self.expect_mark("(")?;
        let mut args = Vec::new();
        while !self.is_mark(")") {
            if !args.is_empty() {
                self.expect_mark(",")?;
                if self.is_mark(")") {
                    break;
                }
            }
            let named = match (self.peek(), self.tokens.get(self.next + 1)) {
                (Some(TokenKind::Name(name)), Some(Token { kind: TokenKind::Mark("="), .. })) => Some(name.clone()),
                _ => None,
            };
            let arg = if let Some(name) = named {
                self.next += 2;
                Arg::Named(name, self.expr()?)
            } else if self.skip_mark("**") {
                Arg::NamedSplat(self.expr()?)
            } else if self.skip_mark("*") {
                Arg::Splat(self.expr()?)
            } else {
                let at = self.here();
                if args.iter().any(|arg| matches!(arg, Arg::Named(..) | Arg::NamedSplat(_))) {
                    return Err(SyntaxError::new("positional argument behind a named one", at));
                }
                Arg::Value(self.expr()?)
            };
            args.push(arg);
        }
        self.expect_mark(")")?;
        Ok(args)
    }

    /// Reads the name of a filter or test, which may have dots.
    fn dotted_name(&mut self, what: &str) -> Result<(String, Range<usize>), SyntaxError> {
        let (mut name, at) = self.name(what)?;
        while self.is_mark(".") {
            self.next += 1;
            name.push('.');
            name.push_str(&self.name(what)?.0);
        }
        Ok((name, at.start..self.last_end()))
    }

    pub(super) fn filter(&mut self) -> Result<Called, SyntaxError> {
        let (name, at) = self.dotted_name("the name of a filter")?;
        let args = if self.is_mark("(") { self.args()? } else { Vec::new() };
        Ok(Called { name, at, args })
    }

    pub(super) fn filters(&mut self, mut expr: Expr, start: usize) -> Parsed {
        let mut length = 0;
        loop {
            length += 1;
            if length > MAX_DEPTH {
                return Err(SyntaxError::new(format!("more than {MAX_DEPTH} filters in a chain"), self.here()));
            }
            if self.skip_mark("|") {
                let called = self.filter()?;
                expr = Expr::new(ExprKind::Filter(Box::new(expr), called), start..self.last_end());
            } else if self.skip_name("is") {
                let negated = self.skip_name("not");
                let (name, at) = self.dotted_name("the name of a test")?;
                let args = self.test_args()?;
                let called = Called { name, at, args };
                expr = Expr::new(ExprKind::Test(Box::new(expr), called, negated), start..self.last_end());
            } else if self.is_mark("(") {
                // `(x | f)(args)` without the parentheses.
                let args = self.args()?;
                expr = Expr::new(ExprKind::Call(Box::new(expr), args), start..self.last_end());
            } else {
                return Ok(expr);
            }
        }
    }

    fn test_args(&mut self) -> Result<Vec<Arg>, SyntaxError> {
        match self.peek() {
            Some(TokenKind::Mark("(")) => self.args(),
            Some(TokenKind::Name(name))
                if matches!(name.as_str(), "else" | "or" | "and" | "is" | "if" | "in" | "not" | "recursive") =>
            {
                Ok(Vec::new())
            }
            Some(TokenKind::Name(_) | TokenKind::Str(_) | TokenKind::Number(_) | TokenKind::Mark("[" | "{")) => {
                let start = self.here().start;
                let primary = self.primary()?;
                Ok(vec![Arg::Value(self.postfix(primary, start)?)])
            }
            _ => Ok(Vec::new()),
        }
    }
}
