//! The way through a template's pieces that gives each name its meaning.

use super::{LOCAL, OUTER_LOOP, plain};
use crate::template::emit::Parsed;
use crate::template::syntax::{Arg, Called, Expr, ExprKind, Piece, PieceKind, Statement};
use crate::template::{apart, globals, names};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// What the engine itself makes of a name, in every file.
const WORDS: [&str; 5] = ["self", "super", "caller", "varargs", "kwargs"];

/// Hold what is imported until it is outside of the names that were set for it. No author's names, by the engine's rules.
const IMPORTED: &str = "__imported";
const KEPT: &str = "__kept";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The template outside of everything: what is set here, blocks see.
    Top,
    /// `if`: what is set in it counts outside of it.
    Branch,
    Loop,
    Block,
    Macro,
    Other,
}

/// What a statement has opened.
struct Scope {
    kind: Kind,
    /// What is set in it, and the name that it got.
    names: HashMap<String, String>,
    /// `loop` is that of this one.
    has_loop: bool,
    /// What must be set where it begins, and to what: what is set under a condition only.
    first: Vec<(String, String)>,
    /// The piece before which that is done.
    start: usize,
    /// What counts behind it: the target of a `set` block.
    later: Option<(String, String)>,
    /// A second name for what was defined, set behind it: that of a macro.
    alias: Option<(String, String)>,
    /// A `with` was put around it.
    is_wrapped: bool,
}

impl Scope {
    fn new(kind: Kind) -> Scope {
        Scope {
            kind,
            names: HashMap::new(),
            has_loop: false,
            first: Vec::new(),
            start: 0,
            later: None,
            alias: None,
            is_wrapped: false,
        }
    }

    fn with_names(kind: Kind, names: impl IntoIterator<Item = (String, String)>) -> Scope {
        Scope { names: names.into_iter().collect(), ..Scope::new(kind) }
    }
}

struct Walk {
    depth: usize,
    has_blocks: bool,
    /// All that the file sets anywhere.
    assigned: HashSet<String>,
    scopes: Vec<Scope>,
    out: Vec<(Piece, Parsed)>,
}

/// Returns the pieces of a file with each name rewritten to what it means.
pub(super) fn walked(pieces: Vec<(Piece, Parsed)>, depth: usize, has_blocks: bool) -> Vec<(Piece, Parsed)> {
    let assigned = names::assigned(&pieces).into_iter().collect();
    let out = Vec::with_capacity(pieces.len());
    let mut walk = Walk { depth, has_blocks, assigned, scopes: vec![Scope::new(Kind::Top)], out };
    for (piece, parsed) in pieces {
        match parsed {
            Parsed::Text => walk.out.push((piece, Parsed::Text)),
            Parsed::Expression(mut expr) => {
                walk.read(&mut expr);
                walk.out.push((piece, Parsed::Expression(expr)));
            }
            Parsed::Statement(statement) => walk.statement(piece, statement),
        }
    }
    walk.out
}

impl Walk {
    /// Returns the name of what is seen in the whole file.
    fn in_file(&self, name: &str) -> String {
        let is_function = || globals::NAMES.iter().any(|(known, _)| *known == name) && !self.assigned.contains(name);
        match self.depth {
            0 if name == "loop" => name.to_owned(),
            0 => plain(name).into_owned(),
            _ if is_function() => name.to_owned(),
            depth => apart::name_of(name, depth),
        }
    }

    /// Returns the name of what is set in a loop and the like.
    fn in_scope(&self, name: &str) -> String {
        if self.has_blocks { format!("{name}{LOCAL}") } else { self.in_file(name) }
    }

    /// Returns what a name means where the walk is.
    fn meaning(&self, name: &str) -> String {
        if WORDS.contains(&name) {
            return name.to_owned();
        }
        for scope in self.scopes.iter().rev() {
            if let Some(found) = scope.names.get(name) {
                return found.clone();
            }
            if name == "loop" && scope.has_loop {
                return name.to_owned();
            }
            if scope.kind == Kind::Block {
                return if name == "loop" { OUTER_LOOP.to_owned() } else { self.in_file(name) };
            }
        }
        self.in_file(name)
    }

    fn read(&self, expr: &mut Expr) {
        expr.names_mut(&mut |name| *name = self.meaning(name));
    }

    fn read_called(&self, filters: &mut [Called]) {
        filters.iter_mut().flat_map(|called| called.args.iter_mut().map(Arg::expr_mut)).for_each(|arg| self.read(arg));
    }

    /// Returns the name of what is set where the walk is, and where that is to be noted.
    fn target_name(&mut self, name: &str) -> (String, usize) {
        let at = self.scopes.iter().rposition(|scope| scope.kind != Kind::Branch).unwrap_or(0);
        if self.scopes[at].kind == Kind::Top {
            return (self.in_file(name), at);
        }
        if let Some(known) = self.scopes[at].names.get(name) {
            return (known.clone(), at);
        }
        let new = self.in_scope(name);
        let before = self.meaning(name);
        if at + 1 < self.scopes.len() && before != new {
            self.scopes[at].first.push((new.clone(), before));
        }
        (new, at)
    }

    /// Returns the name of what is set where the walk is; from here on the author's name means it.
    fn set(&mut self, name: &str) -> String {
        let (new, at) = self.target_name(name);
        if self.scopes[at].kind != Kind::Top {
            self.scopes[at].names.insert(name.to_owned(), new.clone());
        }
        new
    }

    fn set_target(&mut self, target: &mut Expr) {
        match &mut target.kind {
            ExprKind::Name(name) => *name = self.set(name),
            ExprKind::Tuple(items) => items.iter_mut().for_each(|item| self.set_target(item)),
            // An attribute of a namespace.
            _ => self.read(target),
        }
    }

    /// Returns what must be set for the names around to be seen by another file: its name there, and here.
    fn around(&self, wanted: impl Fn(&str) -> String) -> Vec<(String, String)> {
        let mut found: HashMap<&str, &str> = HashMap::new();
        for scope in self.scopes.iter().rev() {
            for (name, here) in &scope.names {
                found.entry(name).or_insert(here);
            }
            if scope.has_loop {
                found.entry("loop").or_insert("loop");
            }
            if scope.kind == Kind::Block {
                break;
            }
        }
        let pairs = found.into_iter().map(|(name, here)| (wanted(name), here.to_owned()));
        let mut pairs: Vec<_> = pairs.filter(|(there, here)| there != here).collect();
        // The engine's macros keep of what is around them only what they name themselves.
        if self.scopes.iter().any(|scope| scope.kind == Kind::Macro) {
            let names = self.assigned.iter().filter(|name| *name != "loop");
            pairs.extend(names.map(|name| (wanted(name), self.meaning(name))));
        }
        pairs.sort();
        pairs.dedup();
        pairs
    }

    fn push(&mut self, piece: &Piece, statement: Statement) {
        let piece = Piece { kind: PieceKind::Statement(Vec::new()), at: piece.at.clone() };
        self.out.push((piece, Parsed::Statement(statement)));
    }

    fn open(&mut self, scope: Scope) {
        self.scopes.push(Scope { start: self.out.len(), ..scope });
    }

    /// Ends the innermost scope, and does what is left to do for it before its last piece.
    fn close(&mut self, at: &Range<usize>) -> Option<Scope> {
        let scope = if self.scopes.len() > 1 { self.scopes.pop()? } else { return None };
        let first = scope.first.iter().map(|(new, before)| {
            let piece = Piece { kind: PieceKind::Statement(Vec::new()), at: at.clone() };
            (piece, Parsed::Statement(assignment(name(new, at), name(before, at))))
        });
        self.out.splice(scope.start..scope.start, first.collect::<Vec<_>>());
        if let (Some((old, new)), Some(around)) = (&scope.later, self.scopes.last_mut())
            && around.kind != Kind::Top
        {
            around.names.insert(old.clone(), new.clone());
        }
        Some(scope)
    }

    fn end(&mut self, piece: &Piece, statement: Statement) {
        let scope = self.close(&piece.at);
        self.push(piece, statement);
        let Some(scope) = scope else { return };
        if scope.is_wrapped {
            self.push(piece, Statement::End("with".to_owned()));
        }
        if let Some((new, old)) = scope.alias {
            self.push(piece, assignment(name(&new, &piece.at), name(&old, &piece.at)));
        }
    }

    fn statement(&mut self, piece: Piece, mut statement: Statement) {
        let opened = match &mut statement {
            Statement::End(_) => return self.end(&piece, statement),
            Statement::Include { .. } => return self.include(&piece, statement),
            Statement::Import { .. } | Statement::From { .. } => return self.import(&piece, statement),
            Statement::For { target, over, filter, .. } => {
                self.read(over);
                self.open(Scope::new(Kind::Loop));
                self.set_target(target);
                filter.iter_mut().for_each(|filter| self.read(filter));
                self.scopes.pop().map(|scope| Scope { has_loop: true, ..scope })
            }
            Statement::Else if self.scopes.last().is_some_and(|scope| scope.kind == Kind::Loop) => {
                self.close(&piece.at);
                Some(Scope::new(Kind::Other))
            }
            Statement::Else | Statement::Break | Statement::Continue => None,
            Statement::If(test) => {
                self.read(test);
                Some(Scope::new(Kind::Branch))
            }
            Statement::Elif(test) | Statement::Extends(test) | Statement::Do(test) => {
                self.read(test);
                None
            }
            Statement::Set { targets, value } => {
                self.read(value);
                targets.iter_mut().for_each(|target| self.set_target(target));
                None
            }
            Statement::SetBlock { target, filters } => {
                self.read_called(filters);
                Some(Scope { later: self.set_later(target), ..Scope::new(Kind::Other) })
            }
            Statement::With(set) => {
                set.iter_mut().for_each(|(_, value)| self.read(value));
                self.open(Scope::new(Kind::Other));
                set.iter_mut().for_each(|(target, _)| self.set_target(target));
                self.scopes.pop()
            }
            Statement::Macro { name, params } => {
                let new = self.set(name);
                let alias = (new != *name).then(|| (new, name.clone()));
                Some(Scope { alias, ..self.parameters(params) })
            }
            Statement::CallBlock { params, call } => {
                self.read(call);
                Some(self.parameters(params))
            }
            Statement::FilterBlock(filters) => {
                self.read_called(filters);
                Some(Scope::new(Kind::Other))
            }
            Statement::Block { scoped, .. } => {
                let around = if *scoped { self.around_block() } else { Vec::new() };
                let is_wrapped = !around.is_empty();
                if is_wrapped {
                    self.push(&piece, with(&around, &piece.at));
                }
                Some(Scope { is_wrapped, ..Scope::new(Kind::Block) })
            }
        };
        self.out.push((piece, Parsed::Statement(statement)));
        if let Some(scope) = opened {
            self.open(scope);
        }
    }

    fn around_block(&self) -> Vec<(String, String)> {
        self.around(|name| if name == "loop" { OUTER_LOOP.to_owned() } else { self.in_file(name) })
    }

    /// Returns a macro's own scope, and rewrites the defaults of its parameters.
    fn parameters(&mut self, params: &mut [(String, Option<Expr>)]) -> Scope {
        let names = params.iter().map(|(name, _)| (name.clone(), name.clone()));
        self.open(Scope::with_names(Kind::Macro, names));
        params.iter_mut().filter_map(|(_, default)| default.as_mut()).for_each(|default| self.read(default));
        self.scopes.pop().unwrap_or_else(|| Scope::new(Kind::Other))
    }

    /// Rewrites the target of a `set` block, which is set at its end only.
    fn set_later(&mut self, target: &mut Expr) -> Option<(String, String)> {
        match &mut target.kind {
            ExprKind::Name(name) => {
                let (new, _) = self.target_name(name);
                let old = std::mem::replace(name, new.clone());
                Some((old, new))
            }
            _ => {
                self.set_target(target);
                None
            }
        }
    }

    fn include(&mut self, piece: &Piece, mut statement: Statement) {
        let Statement::Include { template, context, .. } = &mut statement else { return };
        self.read(template);
        let around = if *context { self.around(|name| self.in_file(name)) } else { Vec::new() };
        if around.is_empty() {
            return self.push(piece, statement);
        }
        self.mention(piece, &around);
        self.push(piece, with(&around, &piece.at));
        self.push(piece, statement);
        self.push(piece, Statement::End("with".to_owned()));
    }

    /// Names what is around a macro where it is never looked at: the engine's macros keep what they name before they set it.
    fn mention(&mut self, piece: &Piece, around: &[(String, String)]) {
        let at = &piece.at;
        let names = around.iter().map(|(_, here)| name(here, at)).collect();
        let never = Box::new(Expr::new(ExprKind::Bool(false), at.clone()));
        let names = Box::new(Expr::new(ExprKind::Tuple(names), at.clone()));
        self.push(piece, Statement::If(Expr::new(ExprKind::And(never, names), at.clone())));
        self.push(piece, Statement::End("if".to_owned()));
    }

    fn import(&mut self, piece: &Piece, mut statement: Statement) {
        let (Statement::Import { template, context, .. } | Statement::From { template, context, .. }) = &mut statement
        else {
            return;
        };
        self.read(template);
        let around = if *context { self.around(|name| self.in_file(name)) } else { Vec::new() };
        if !around.is_empty() {
            return self.import_with(piece, statement, &around);
        }
        match &mut statement {
            Statement::Import { name, .. } => *name = self.set(name),
            Statement::From { names, .. } => names.iter_mut().for_each(|(_, alias)| *alias = self.set(alias)),
            _ => {}
        }
        self.push(piece, statement);
    }

    /// Imports with names set that must not stay: what is imported is kept in a namespace meanwhile.
    fn import_with(&mut self, piece: &Piece, statement: Statement, around: &[(String, String)]) {
        let at = &piece.at;
        let attribute =
            |base: Expr, attribute: &str| Expr::new(ExprKind::Attr(Box::new(base), attribute.to_owned()), at.clone());
        let make = Expr::new(ExprKind::Call(Box::new(name("namespace", at)), Vec::new()), at.clone());
        self.push(piece, assignment(name(KEPT, at), make));
        self.mention(piece, around);
        self.push(piece, with(around, at));
        let (template, wanted) = match statement {
            Statement::Import { template, name, .. } => (template, vec![(None, name)]),
            Statement::From { template, names, .. } => {
                (template, names.into_iter().map(|(exported, alias)| (Some(exported), alias)).collect())
            }
            _ => return,
        };
        self.push(piece, Statement::Import { template, name: IMPORTED.to_owned(), context: true });
        self.push(piece, assignment(attribute(name(KEPT, at), "file"), name(IMPORTED, at)));
        self.push(piece, Statement::End("with".to_owned()));
        for (exported, alias) in wanted {
            let file = attribute(name(KEPT, at), "file");
            let value = match &exported {
                Some(exported) => attribute(file, exported),
                None => file,
            };
            let target = name(&self.set(&alias), at);
            self.push(piece, assignment(target, value));
        }
    }
}

fn name(name: &str, at: &Range<usize>) -> Expr {
    Expr::new(ExprKind::Name(name.to_owned()), at.clone())
}

fn assignment(target: Expr, value: Expr) -> Statement {
    Statement::Set { targets: vec![target], value }
}

fn with(names: &[(String, String)], at: &Range<usize>) -> Statement {
    Statement::With(names.iter().map(|(there, here)| (name(there, at), name(here, at))).collect())
}
