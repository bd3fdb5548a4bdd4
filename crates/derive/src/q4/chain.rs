//! From a template to a chain: which error is planted, in what context the expressions stand, what everything is called.

use crate::q4::{algebra, calculus, groups, order};
use crate::random::Stream;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write;

/// The kinds of errors that are planted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// A constant factor is lost or wrong.
    Factor,
    /// A sign is turned round.
    Sign,
    /// A transpose is lost, added or misplaced.
    Transpose,
    /// A matrix is not centred that has to be.
    Centring,
    /// Two matrices that do not commute change places.
    Commuted,
    /// An inequality points the wrong way, or its constant is too small.
    Inequality,
    /// The wrong quantity goes to its limit.
    Limit,
    /// A cross term is lost.
    CrossTerm,
    /// A difference is claimed to be of a higher order than it is.
    Order,
    /// A wrong size, index or dimension of a representation.
    Index,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Factor,
        Self::Sign,
        Self::Transpose,
        Self::Centring,
        Self::Commuted,
        Self::Inequality,
        Self::Limit,
        Self::CrossTerm,
        Self::Order,
        Self::Index,
    ];
}

/// A planted error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The step that is false, counted from 1.
    pub step: usize,
    /// What is wrong with it.
    pub kind: FaultKind,
}

/// A generated chain with what is true of it.
#[derive(Debug, Clone)]
pub struct Chain {
    /// The file, as [`crate::Derivation::parse`] reads it.
    pub text: String,
    /// The template that it comes from.
    pub template: &'static str,
    /// The planted error, if there is one.
    pub fault: Option<Fault>,
}

/// An error that a template offers.
pub(super) struct Offer {
    pub(super) kind: FaultKind,
    /// The step, counted from 1.
    pub(super) step: usize,
    /// Another relation for that step.
    pub(super) relation: Option<String>,
    /// Expressions, counted from 0, that are replaced: the wrong one and those that carry the error on.
    pub(super) replaced: Vec<(usize, String)>,
}

/// What may be put around every expression of a chain without changing what is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    /// Real matrices of a shape, joined by equalities.
    Matrix(&'static str, &'static str),
    /// Numbers joined by equalities.
    Number,
    /// Numbers with inequalities among the relations: only positive factors and additions.
    Ordered,
    /// Nothing but a constant factor: limits, orders, complex matrices.
    Factor,
}

/// A chain before names, context and idle steps.
pub(super) struct Draft {
    pub(super) template: &'static str,
    /// Lines of `[sizes]`, `[declare]` and `[define]`.
    pub(super) sizes: Vec<String>,
    pub(super) declare: Vec<String>,
    pub(super) define: Vec<String>,
    pub(super) context: Context,
    pub(super) first: String,
    /// Relation and expression of each step.
    pub(super) steps: Vec<(String, String)>,
    pub(super) offers: Vec<Offer>,
    /// Names that may be changed.
    pub(super) names: &'static [&'static str],
}

impl Draft {
    pub(super) fn new(template: &'static str, context: Context, first: &str) -> Self {
        Self {
            template,
            sizes: Vec::new(),
            declare: Vec::new(),
            define: Vec::new(),
            context,
            first: first.to_owned(),
            steps: Vec::new(),
            offers: Vec::new(),
            names: &[],
        }
    }

    pub(super) fn equals(mut self, expr: &str) -> Self {
        self.steps.push(("=".to_owned(), expr.to_owned()));
        self
    }

    pub(super) fn step(mut self, relation: &str, expr: &str) -> Self {
        self.steps.push((relation.to_owned(), expr.to_owned()));
        self
    }

    pub(super) fn sizes(mut self, lines: &[String]) -> Self {
        self.sizes.extend_from_slice(lines);
        self
    }

    pub(super) fn declare(mut self, lines: &[&str]) -> Self {
        self.declare.extend(lines.iter().map(|line| (*line).to_owned()));
        self
    }

    pub(super) fn define(mut self, lines: &[&str]) -> Self {
        self.define.extend(lines.iter().map(|line| (*line).to_owned()));
        self
    }

    pub(super) fn names(mut self, names: &'static [&'static str]) -> Self {
        self.names = names;
        self
    }

    /// Offers an error in the expression of a step; what follows is as it was.
    pub(super) fn wrong(mut self, kind: FaultKind, step: usize, expr: &str) -> Self {
        self.offers.push(Offer { kind, step, relation: None, replaced: vec![(step, expr.to_owned())] });
        self
    }

    /// Offers an error that all following expressions carry on.
    pub(super) fn carried(mut self, kind: FaultKind, step: usize, exprs: &[&str]) -> Self {
        let replaced = exprs.iter().enumerate().map(|(at, expr)| (step + at, (*expr).to_owned())).collect();
        self.offers.push(Offer { kind, step, relation: None, replaced });
        self
    }

    /// Offers a wrong factor before the expression of a step and all that follow by equalities.
    pub(super) fn scaled(mut self, kind: FaultKind, step: usize, by: &str) -> Self {
        let replaced = (step..=self.steps.len()).map(|at| (at, format!("{by}*({})", self.steps[at - 1].1))).collect();
        self.offers.push(Offer { kind, step, relation: None, replaced });
        self
    }

    /// Offers another relation.
    pub(super) fn relation(mut self, kind: FaultKind, step: usize, relation: &str) -> Self {
        self.offers.push(Offer { kind, step, relation: Some(relation.to_owned()), replaced: Vec::new() });
        self
    }
}

/// A size with a random range.
pub(super) fn range(stream: &mut Stream, name: &str, least: usize) -> String {
    let first = least + stream.whole(0, 2);
    format!("{name} = \"{first}..{}\"", first + 2 + stream.whole(0, 3))
}

type Template = fn(&mut Stream) -> Draft;

fn templates() -> Vec<Template> {
    [algebra::TEMPLATES, calculus::TEMPLATES, groups::TEMPLATES, order::TEMPLATES].concat()
}

/// Generates chains, a third of them with one planted error. Kinds of errors take turns.
pub fn chains(seed: u64, count: usize) -> Vec<Chain> {
    let templates = templates();
    let mut stream = Stream::new(seed, 0, "q4");
    let mut order: Vec<usize> = (0..count).collect();
    shuffle(&mut order, &mut stream);
    let first_kind = stream.whole(0, FaultKind::ALL.len() - 1);
    let mut chains: Vec<Option<Chain>> = vec![None; count];
    for (at, &place) in order.iter().enumerate() {
        let mut own = Stream::new(seed, 1 + at as u64, "q4 chain");
        let planted = at < count / 3;
        let (draft, offer) = if planted {
            offering(&templates, FaultKind::ALL[(first_kind + at) % FaultKind::ALL.len()], &mut own)
        } else {
            let template = templates[(at + seed as usize) % templates.len()];
            (template(&mut own), None)
        };
        chains[place] = Some(finish(draft, offer, &mut own));
    }
    chains.into_iter().flatten().collect()
}

/// A draft with an error of the wanted kind.
fn offering(templates: &[Template], kind: FaultKind, stream: &mut Stream) -> (Draft, Option<Offer>) {
    loop {
        let mut draft = templates[stream.whole(0, templates.len() - 1)](stream);
        let fitting: Vec<usize> = (0..draft.offers.len()).filter(|at| draft.offers[*at].kind == kind).collect();
        if let Some(last) = fitting.len().checked_sub(1) {
            let offer = draft.offers.swap_remove(fitting[stream.whole(0, last)]);
            return (draft, Some(offer));
        }
    }
}

fn shuffle(items: &mut [usize], stream: &mut Stream) {
    for at in (1..items.len()).rev() {
        items.swap(at, stream.whole(0, at));
    }
}

fn finish(mut draft: Draft, offer: Option<Offer>, stream: &mut Stream) -> Chain {
    let mut fault = offer.as_ref().map(|offer| Fault { step: offer.step, kind: offer.kind });
    if let Some(offer) = offer {
        for (at, expr) in offer.replaced {
            draft.steps[at - 1].1 = expr;
        }
        if let Some(relation) = offer.relation {
            draft.steps[offer.step - 1].0 = relation;
        }
    }
    surround(&mut draft, stream);
    idle_steps(&mut draft, &mut fault, stream);
    let text = rename(&written(&draft), draft.names, stream);
    Chain { text, template: draft.template, fault }
}

/// Puts one context around every expression.
fn surround(draft: &mut Draft, stream: &mut Stream) {
    let constant = ["3", "0.5", "1.5", "7", "0.2"][stream.whole(0, 4)];
    let choice = stream.whole(0, 5);
    let around: Box<dyn Fn(&str) -> String> = match (draft.context, choice) {
        (_, 0 | 1) => return,
        (Context::Factor, _) | (_, 2) => Box::new(move |e| format!("{constant}*({e})")),
        (Context::Matrix(rows, cols), 3) => {
            draft.declare.push(format!("Zz = {{ shape = [\"{rows}\", \"{cols}\"] }}"));
            Box::new(|e| format!("Zz + ({e})"))
        }
        (Context::Matrix(rows, cols), 4) => {
            draft.declare.push(format!("Zz = {{ shape = [\"{rows}\", \"{cols}\"] }}"));
            Box::new(|e| format!("trace(Zz'*({e}))"))
        }
        (Context::Matrix(..), _) => Box::new(move |e| format!("-({e})'*{constant}")),
        (Context::Number | Context::Ordered, _) => {
            draft.declare.push("zz = \"real\"".to_owned());
            Box::new(move |e| format!("zz + {constant}*({e})"))
        }
    };
    draft.first = around(&draft.first);
    for (_, expr) in &mut draft.steps {
        *expr = around(expr);
    }
    if choice == 4
        && let Context::Matrix(..) = draft.context
    {
        draft.context = Context::Number;
    }
}

/// Steps that change nothing but the look, until there are four, and sometimes more.
fn idle_steps(draft: &mut Draft, fault: &mut Option<Fault>, stream: &mut Stream) {
    let wanted = (4 + stream.whole(0, 2)).max(draft.steps.len()).min(8);
    while draft.steps.len() < wanted {
        let at = stream.whole(0, draft.steps.len());
        let before = if at == 0 { &draft.first } else { &draft.steps[at - 1].1 };
        let same = match stream.whole(0, 2) {
            0 => format!("(({before})')'"),
            1 => format!("3*({before}) - 2*({before})"),
            _ => format!("({before})/4*4"),
        };
        draft.steps.insert(at, ("=".to_owned(), same));
        if let Some(fault) = fault
            && at < fault.step
        {
            fault.step += 1;
        }
    }
}

fn written(draft: &Draft) -> String {
    let mut text = String::new();
    for (heading, lines) in [("sizes", &draft.sizes), ("declare", &draft.declare), ("define", &draft.define)] {
        if !lines.is_empty() {
            let _ = write!(text, "[{heading}]\n{}\n\n", lines.join("\n"));
        }
    }
    for (at, (relation, to)) in draft.steps.iter().enumerate() {
        let from = if at == 0 { format!("from = \"{}\"\n", draft.first) } else { String::new() };
        let _ = write!(text, "[[step]]\n{from}relation = \"{relation}\"\nto = \"{to}\"\n\n");
    }
    text
}

/// Gives names other letters.
fn rename(text: &str, names: &[&str], stream: &mut Stream) -> String {
    const LETTERS: [&str; 12] = ["A", "B", "C", "H", "L", "N", "Q", "R", "S", "T", "U", "J"];
    let mut order: Vec<usize> = (0..LETTERS.len()).collect();
    shuffle(&mut order, stream);
    let new_name = |word: &str| {
        let at = names.iter().position(|name| *name == word)?;
        Some(format!("{}{}", LETTERS[order[at % LETTERS.len()]], at / LETTERS.len() + 1))
    };
    let mut renamed = String::new();
    let mut word = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        renamed.push_str(&new_name(&word).unwrap_or_else(|| word.clone()));
        word.clear();
        renamed.push(c);
    }
    renamed
}
