//! A stream that is being read: chunk by chunk, each policy in turn, so that whatever else the machine does slows all of them alike
//! and their results grow together.

use crate::language_model;
use crate::policies::{self, AppliedPolicy};
use crate::stream::StreamRequest;
use crate::{Checkpoint, Folder, Identity, Opened, Pace, SavedLane, SegmentLine, StreamError, Text};
use dunwu::verb::{Progress, VerbError, Watcher};
use dunwu_attention::cache::Cache;
use dunwu_attention::decoder::Decoder;
use dunwu_attention::model::Model;
use dunwu_attention::streaming::{Lane, Places, Sums};
use std::path::Path;
use std::time::{Duration, Instant};

/// Saving may take one part in so many of the time.
const SAVING: u32 = 20;
/// How far it is said at most so often.
const GLANCE: Duration = Duration::from_millis(200);

pub(super) struct Underway<'m, 'a> {
    request: &'a StreamRequest,
    decoder: Decoder<'m>,
    text: &'a mut Text<'m>,
    folder: Folder,
    segments: Vec<SegmentLine>,
    lanes: Vec<Reader>,
    /// The token that was predicted last, which is read next.
    last: Option<u32>,
    has_ended: bool,
}

/// One policy.
struct Reader {
    policy: String,
    lane: Lane,
    pace: Pace,
    /// Of the cache, now and at the most.
    bytes: u64,
    peak_bytes: u64,
    full_at: Option<u64>,
}

impl<'m, 'a> Underway<'m, 'a> {
    /// Where the checkpoint left off, or at the start.
    pub(super) fn begin(
        request: &'a StreamRequest,
        model: &'m Model,
        policies: &[AppliedPolicy],
        identity: &Identity,
        text: &'a mut Text<'m>,
        opened: Opened,
        watcher: &mut Watcher<'_>,
    ) -> Result<Self, VerbError> {
        let period = policies::period(policies);
        let fresh = |policy: &AppliedPolicy| {
            let cache = Cache::new(model.hyperparameters(), &policy.assignment, request.cache);
            Reader {
                policy: policy.written.clone(),
                lane: Lane::new(cache, Sums::new(request.segment)).with_places(period.map(Places::new)),
                pace: Pace::default(),
                bytes: 0,
                peak_bytes: 0,
                full_at: policy.full_at(),
            }
        };
        let mut sorted: Vec<&AppliedPolicy> = policies.iter().collect();
        sorted.sort_by_key(|policy| identity.index_of(policy));
        let Opened { mut folder, checkpoint, mut segments, .. } = opened;
        let decoder = Decoder::new(model, language_model::threads(request.threads));
        if let Some(checkpoint) = checkpoint {
            let lanes = sorted.iter().zip(&checkpoint.lanes).map(|(policy, saved)| fresh(policy).restored(saved));
            if let Some(lanes) = lanes.collect::<Option<Vec<Reader>>>() {
                text.go_to(&checkpoint.place)?;
                let (from, path) = (checkpoint.tokens(), folder.path().display());
                watcher.tell(&Progress::Resumed(&format!("going on from token {from}: {path}")));
                let (last, has_ended) = (checkpoint.last, checkpoint.ended);
                return Ok(Self { request, decoder, text, folder, segments, lanes, last, has_ended });
            }
            watcher.note("beginning again, because the checkpoint's caches are of another build");
            folder.forget()?;
            segments.clear();
        }
        for passed in 0..request.from {
            if text.next_token()?.is_none() {
                return Err(VerbError::usage(format!("--from {}: the text has {passed} tokens", request.from)));
            }
        }
        let lanes = sorted.into_iter().map(fresh).collect();
        Ok(Self { request, decoder, text, folder, segments, lanes, last: identity.setting.begin, has_ended: false })
    }

    /// Reads up to `wanted` tokens in all, or to the end of the text; whether it was stopped before.
    pub(super) fn read(&mut self, wanted: Option<u64>, watcher: &mut Watcher<'_>) -> Result<bool, VerbError> {
        let before = self.tokens();
        watcher.phase("tokens", Some(self.expected(wanted)));
        watcher.pieces(before);
        let began = Instant::now();
        let (mut saved, mut pause) = (began, self.request.checkpoint_every);
        let mut said = began;
        let mut window = Vec::new();
        let was_ended = self.has_ended;
        let is_stopped = loop {
            if watcher.is_stopped() {
                break true;
            }
            self.next_window(wanted, &mut window)?;
            if window.len() < 2 {
                break false;
            }
            self.predict(&window)?;
            if said.elapsed() >= GLANCE {
                said = Instant::now();
                watcher.pieces(self.tokens());
                let rate = (self.tokens() - before) as f64 / began.elapsed().as_secs_f64().max(1e-9);
                watcher.tell(&Progress::State(&format!("{rate:.0} a second; perplexity {}", self.perplexities())));
            }
            if saved.elapsed() >= pause {
                pause = self.save()?.max(self.request.checkpoint_every);
                saved = Instant::now();
            }
        };
        if self.tokens() > before || self.has_ended != was_ended {
            self.save()?;
        }
        Ok(is_stopped)
    }

    /// The next chunk of the text with the token before it; shorter than two where nothing is left to do.
    fn next_window(&mut self, wanted: Option<u64>, window: &mut Vec<u32>) -> Result<(), StreamError> {
        let sums = self.lanes[0].lane.sums();
        let left = wanted.map_or(u64::MAX, |wanted| wanted.saturating_sub(sums.tokens));
        let n = u64::from(self.request.chunk).min(sums.room()).min(left) as usize;
        window.clear();
        window.extend(self.last);
        while n > 0 && window.len() < n + 1 {
            match self.text.next_token()? {
                Some(token) => window.push(token),
                None => break,
            }
        }
        self.has_ended = if n > 0 { window.len() < n + 1 } else { self.has_ended };
        self.last = window.last().copied();
        Ok(())
    }

    /// A window under each policy in turn.
    fn predict(&mut self, window: &[u32]) -> Result<(), StreamError> {
        let (at, n) = (self.tokens(), window.len() as u64 - 1);
        let mut line = SegmentLine { to: at + n, ..SegmentLine::default() };
        for reader in &mut self.lanes {
            let began = Instant::now();
            let whole = reader.lane.read(&mut self.decoder, window);
            reader.pace.add(at, n, began.elapsed().as_secs_f64(), reader.full_at);
            reader.bytes = reader.lane.cache().bytes() as u64;
            reader.peak_bytes = reader.peak_bytes.max(reader.bytes);
            if let Some(nats) = whole {
                line.nats.push(nats);
                line.milliseconds.push(reader.pace.end_segment().unwrap_or(f64::NAN));
                line.bytes.push(reader.bytes);
            }
        }
        if !line.nats.is_empty() {
            self.folder.append(&line)?;
            self.segments.push(line);
        }
        Ok(())
    }

    /// Writes the checkpoint; says how long to wait for the next, so that saving takes little of the time.
    fn save(&mut self) -> Result<Duration, StreamError> {
        let began = Instant::now();
        let lanes =
            self.lanes.iter_mut().map(|reader| SavedLane { cache: reader.lane.cache().save(), ..reader.saved() });
        let lanes = lanes.collect();
        let checkpoint = Checkpoint { place: self.text.place(), last: self.last, ended: self.has_ended, lanes };
        self.folder.save(&checkpoint)?;
        Ok(began.elapsed() * SAVING)
    }

    /// Tokens that there will be, as far as is known.
    fn expected(&self, wanted: Option<u64>) -> u64 {
        let (read, of) = self.text.bytes();
        // Before anything is read, about four bytes a token.
        let bytes_a_token = if read > 0 && self.tokens() > 0 { read as f64 / self.tokens() as f64 } else { 4.0 };
        wanted.unwrap_or((of as f64 / bytes_a_token) as u64).max(self.tokens())
    }

    /// Each policy with its perplexity so far.
    fn perplexities(&self) -> String {
        let of = |reader: &Reader| {
            let perplexity = reader.lane.sums().perplexity();
            let perplexity = perplexity.map_or("–".to_owned(), |perplexity| format!("{perplexity:.2}"));
            format!("{} {perplexity}", reader.policy)
        };
        self.lanes.iter().map(of).collect::<Vec<_>>().join(", ")
    }

    fn tokens(&self) -> u64 {
        self.lanes[0].lane.sums().tokens
    }

    /// What the stream's `index`th policy came to, without its cache.
    pub(super) fn lane(&self, index: usize) -> SavedLane {
        self.lanes[index].saved()
    }

    /// First and last place of each of a lane's sums by place; none where no policy has chunks.
    pub(super) fn place_bounds(&self) -> Vec<(u64, u64)> {
        self.lanes[0].lane.places().map_or(Vec::new(), Places::bounds)
    }

    pub(super) fn segments(&self) -> &[SegmentLine] {
        &self.segments
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    pub(super) fn rounds(&self) -> u64 {
        self.text.round()
    }
}

impl Reader {
    /// All but the cache.
    fn saved(&self) -> SavedLane {
        let Sums { tokens, nats, open_nats, .. } = *self.lane.sums();
        let (bytes, peak_bytes, pace) = (self.bytes, self.peak_bytes, self.pace.clone());
        let places = self.lane.places().map_or(Vec::new(), |places| places.sums.clone());
        SavedLane { tokens, nats, open_nats, places, peak_bytes, bytes, pace, cache: Vec::new() }
    }

    /// As it was saved; `None` where the cache does not fit.
    fn restored(mut self, saved: &SavedLane) -> Option<Self> {
        self.lane.cache().restore(&saved.cache)?;
        let SavedLane { tokens, nats, open_nats, .. } = *saved;
        self.lane.set_sums(Sums { tokens, nats, open_nats, ..*self.lane.sums() });
        self.lane.set_places(&saved.places)?;
        (self.bytes, self.peak_bytes, self.pace) = (saved.bytes, saved.peak_bytes, saved.pace.clone());
        (self.lane.cache().position() == tokens).then_some(self)
    }
}
