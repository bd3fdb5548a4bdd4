//! Attention of a layer: for each sequence and key head, keys and values go to the cache, then queries are answered.

use super::Watch;
use super::rows::Heads;
use crate::cache::{Cache, HeadCache, MOST_AT_ONCE, Queries, Scratch};
use crate::model::Hyperparameters;
use crate::rotary::{Angles, Frequencies};
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// The attention of passes, with its buffers.
pub(super) struct Attention {
    frequencies: Frequencies,
    /// The angles of each span's tokens.
    angles: Vec<Angles>,
    /// Queries, keys, mixtures of the spans at work, by key head; see [`Task`].
    recent: Vec<f32>,
    far: Vec<f32>,
    mixtures: Vec<f32>,
    scratches: Scratches,
}

/// Buffers that threads take and give back.
#[derive(Default)]
struct Scratches(Mutex<Vec<Scratch>>);

/// Rows of one sequence that are cached at once.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// Which sequence.
    part: usize,
    /// How many of the sequence's spans come before.
    wave: usize,
    /// First of the rows.
    row: usize,
    n_rows: usize,
    /// Position of the first token.
    position: u64,
}

/// One key head of one span.
struct Task<'a> {
    span: Span,
    key_head: usize,
    head: &'a mut HeadCache,
    frequencies: &'a Frequencies,
    angles: &'a Angles,
    /// Queries turned to their positions, and to the end of the cache: `[token][head of the group][d_head]`.
    recent: &'a mut [f32],
    far: &'a mut [f32],
    /// `[token][head of the group][d_value]`.
    mixtures: &'a mut [f32],
    /// Tokens whose queries are answered.
    n_answered: usize,
}

impl Span {
    /// All rows, cut.
    pub(super) fn of(parts: &[(&mut Cache, &[u32])]) -> Vec<Self> {
        let mut spans = Vec::new();
        let mut row = 0;
        for (part, (cache, tokens)) in parts.iter().enumerate() {
            for (wave, first) in (0..tokens.len()).step_by(MOST_AT_ONCE).enumerate() {
                let n_rows = MOST_AT_ONCE.min(tokens.len() - first);
                spans.push(Self { part, wave, row, n_rows, position: cache.position + first as u64 });
                row += n_rows;
            }
        }
        spans
    }
}

impl Attention {
    pub(super) fn new(shape: &Hyperparameters) -> Self {
        Self {
            frequencies: Frequencies::new(&shape.rotary),
            angles: Vec::new(),
            recent: Vec::new(),
            far: Vec::new(),
            mixtures: Vec::new(),
            scratches: Scratches::default(),
        }
    }

    /// Makes the angles that all layers share.
    pub(super) fn turn(&mut self, spans: &[Span]) {
        self.angles.resize_with(spans.len(), Angles::default);
        for (angles, span) in self.angles.iter_mut().zip(spans) {
            angles.set(&self.frequencies, span.position, span.n_rows);
        }
    }

    /// Attention of one layer over all rows: what is mixed goes to `rows.mixed`.
    pub(super) fn attend(
        &mut self,
        shape: &Hyperparameters,
        layer: usize,
        parts: &mut [(&mut Cache, &[u32])],
        spans: &[Span],
        rows: &mut Heads,
        mut watch: Option<&mut dyn Watch>,
    ) {
        let n_group = shape.n_heads / shape.n_key_heads;
        rows.mixed.resize(rows.query.len(), 0.0);
        let n_waves = spans.iter().map(|span| span.wave + 1).max().unwrap_or(0);
        for wave in 0..n_waves {
            let Self { frequencies, angles, recent, far, mixtures, scratches } = self;
            let n_rows: usize = spans.iter().filter(|span| span.wave == wave).map(|span| span.n_rows).sum();
            let d_value = shape.d_head.next_multiple_of(16);
            recent.resize(n_rows * shape.n_heads * shape.d_head, 0.0);
            far.resize(recent.len(), 0.0);
            mixtures.resize(n_rows * shape.n_heads * d_value, 0.0);
            let mut tasks = Vec::new();
            let mut buffers = Buffers { recent: &mut recent[..], far: &mut far[..], mixtures: &mut mixtures[..] };
            for (part, (cache, _)) in parts.iter_mut().enumerate() {
                let at_work = spans.iter().zip(&*angles).find(|(span, _)| span.part == part && span.wave == wave);
                let Some((&span, angles)) = at_work else { continue };
                let heads = cache.heads[layer * shape.n_key_heads..][..shape.n_key_heads].iter_mut();
                for (key_head, head) in heads.enumerate() {
                    let n_queries = span.n_rows * n_group;
                    let (recent, far, mixtures) = buffers.front(n_queries * shape.d_head, n_queries * d_value);
                    tasks.push(Task {
                        span,
                        key_head,
                        head,
                        frequencies,
                        angles,
                        recent,
                        far,
                        mixtures,
                        n_answered: 0,
                    });
                }
            }
            if let Some(watch) = watch.as_deref_mut() {
                let mut scratch = scratches.take();
                tasks.iter_mut().for_each(|task| {
                    task.begin(shape, rows, &mut scratch, usize::MAX, &mut |task, query, scratch| {
                        task.show(layer, n_group, query, scratch, watch);
                    });
                });
                scratches.give(scratch);
            } else {
                run(&mut tasks, shape, rows, scratches);
            }
            for task in &tasks {
                task.hand_over(shape, &mut rows.mixed);
            }
        }
    }
}

/// Caches and answers all tasks, on all threads.
fn run(tasks: &mut [Task<'_>], shape: &Hyperparameters, rows: &Heads, scratches: &Scratches) {
    let n_threads = rayon::current_num_threads();
    // With one thread, or where the tokens come one by one, a task answers its queries itself while its keys are still warm.
    let largest = if n_threads == 1 { usize::MAX } else { 1 };
    let begin = |task: &mut Task<'_>| {
        let mut scratch = scratches.take();
        task.begin(shape, rows, &mut scratch, largest, &mut |_, _, _| {});
        scratches.give(scratch);
    };
    if n_threads == 1 || tasks.len() == 1 {
        tasks.iter_mut().for_each(begin);
    } else {
        tasks.par_iter_mut().for_each(begin);
    }
    let mut tiles: Vec<_> = tasks.iter_mut().flat_map(|task| task.tiles(shape)).collect();
    if !tiles.is_empty() {
        tiles.par_iter_mut().for_each(|(head, queries, mixtures)| {
            let mut scratch = scratches.take();
            head.weigh(*queries, &mut scratch);
            head.mix(queries.last(shape.d_head), &mut scratch, mixtures);
            scratches.give(scratch);
        });
    }
}

impl Task<'_> {
    /// Turns the queries, caches the keys, and answers those queries that must be answered before further keys come, or all of them if
    /// no more than `largest` tokens are cached at once. `show` sees the weights of each answered query.
    fn begin(
        &mut self,
        shape: &Hyperparameters,
        rows: &Heads,
        scratch: &mut Scratch,
        largest: usize,
        show: &mut dyn FnMut(&Self, u64, &Scratch),
    ) {
        self.turn_queries(shape, rows);
        let (d_head, d_keys) = (shape.d_head, shape.n_key_heads * shape.d_head);
        let n_rows = self.span.n_rows;
        let mut key = vec![0.0; d_head];
        let mut cached = 0;
        while cached < n_rows {
            let n = self.head.at_once(self.span.position + cached as u64, n_rows - cached);
            for i in cached..cached + n {
                let at = (self.span.row + i) * d_keys + self.key_head * d_head;
                key.copy_from_slice(&rows.key[at..at + d_head]);
                self.angles.rotate(i, &mut key);
                let position = self.span.position + i as u64;
                self.head.insert(self.frequencies, position, &key, &rows.value[at..at + d_head], scratch);
            }
            cached += n;
            if n == n_rows && n > largest {
                return;
            }
            self.answer(shape, cached, scratch, show);
        }
    }

    fn turn_queries(&mut self, shape: &Hyperparameters, rows: &Heads) {
        let d_group = self.recent.len() / self.span.n_rows;
        let scale = 1.0 / (shape.d_head as f32).sqrt();
        for i in 0..self.span.n_rows {
            let at = (self.span.row + i) * shape.n_heads * shape.d_head + self.key_head * d_group;
            let heads = i * d_group..(i + 1) * d_group;
            let recent = &mut self.recent[heads.clone()];
            recent.iter_mut().zip(&rows.query[at..at + d_group]).for_each(|(to, x)| *to = x * scale);
            let position = self.span.position + i as u64;
            let far = &mut self.far[heads];
            far.copy_from_slice(recent);
            recent.chunks_exact_mut(shape.d_head).for_each(|head| self.angles.rotate(i, head));
            match self.head.far_angles(position) {
                Some(angles) => far.chunks_exact_mut(shape.d_head).for_each(|head| angles.rotate(0, head)),
                None => far.copy_from_slice(recent),
            }
        }
    }

    /// Answers the queries of all tokens up to `cached`.
    fn answer(
        &mut self,
        shape: &Hyperparameters,
        cached: usize,
        scratch: &mut Scratch,
        show: &mut dyn FnMut(&Self, u64, &Scratch),
    ) {
        let n_group = shape.n_heads / shape.n_key_heads;
        while self.n_answered < cached {
            let n = self.head.tile(n_group).min(cached - self.n_answered);
            let first = self.span.position + self.n_answered as u64;
            let heads = self.n_answered * n_group..(self.n_answered + n) * n_group;
            let range = |width: usize| heads.start * width..heads.end * width;
            let queries = Queries {
                first,
                n_group,
                recent: &self.recent[range(shape.d_head)],
                far: &self.far[range(shape.d_head)],
            };
            self.head.weigh(queries, scratch);
            show(self, first, scratch);
            let last = first + n as u64 - 1;
            self.head.tell(last, scratch);
            self.head.mix(last, scratch, &mut self.mixtures[range(self.head.d_value())]);
            self.n_answered += n;
        }
    }

    /// What is not answered yet, in tiles.
    fn tiles(&mut self, shape: &Hyperparameters) -> Vec<(&HeadCache, Queries<'_>, &mut [f32])> {
        let n_group = shape.n_heads / shape.n_key_heads;
        let n_tile = self.head.tile(n_group);
        let (d_queries, d_mixtures) = (n_group * shape.d_head, n_group * self.head.d_value());
        let answered = self.n_answered;
        let recent = self.recent[answered * d_queries..].chunks(n_tile * d_queries);
        let far = self.far[answered * d_queries..].chunks(n_tile * d_queries);
        let mixtures = self.mixtures[answered * d_mixtures..].chunks_mut(n_tile * d_mixtures);
        let head = &*self.head;
        let first = self.span.position + answered as u64;
        let tiles = recent.zip(far).zip(mixtures).enumerate();
        tiles
            .map(|(tile, ((recent, far), mixtures))| {
                (head, Queries { first: first + (tile * n_tile) as u64, n_group, recent, far }, mixtures)
            })
            .collect()
    }

    /// Shows the attention weights of the tokens from `first` on.
    fn show(&self, layer: usize, n_group: usize, first: u64, scratch: &Scratch, watch: &mut dyn Watch) {
        let rows = scratch.weights.chunks_exact(self.head.n_slots());
        for (q, row) in rows.enumerate() {
            let query = first + (q / n_group) as u64;
            let (positions, weights): (Vec<_>, Vec<_>) =
                self.head.seen(query).into_iter().map(|(position, at)| (position, row[at])).unzip();
            watch.attention(layer, self.key_head * n_group + q % n_group, query, &positions, &weights);
        }
    }

    /// Puts the mixtures where the rows want them: all heads of a token together.
    fn hand_over(&self, shape: &Hyperparameters, mixed: &mut [f32]) {
        let n_group = shape.n_heads / shape.n_key_heads;
        for (q, mixture) in self.mixtures.chunks_exact(self.head.d_value()).enumerate() {
            let (row, head) = (self.span.row + q / n_group, self.key_head * n_group + q % n_group);
            let at = (row * shape.n_heads + head) * shape.d_head;
            mixed[at..at + shape.d_head].copy_from_slice(&mixture[..shape.d_head]);
        }
    }
}

/// What is left of the buffers of all tasks.
struct Buffers<'a> {
    recent: &'a mut [f32],
    far: &'a mut [f32],
    mixtures: &'a mut [f32],
}

impl<'a> Buffers<'a> {
    /// Takes off the fronts: numbers of queries of both kinds, numbers of mixtures.
    fn front(&mut self, n_queries: usize, n_mixtures: usize) -> (&'a mut [f32], &'a mut [f32], &'a mut [f32]) {
        let enough = "the buffers were made for all tasks";
        (
            self.recent.split_off_mut(..n_queries).expect(enough),
            self.far.split_off_mut(..n_queries).expect(enough),
            self.mixtures.split_off_mut(..n_mixtures).expect(enough),
        )
    }
}

impl Scratches {
    fn take(&self) -> Scratch {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn give(&self, scratch: Scratch) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(scratch);
    }
}
