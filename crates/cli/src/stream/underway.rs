//! A stream that is being read: chunk by chunk, each policy in turn, so that all feel the same weather on the machine and their
//! results grow together.

use super::Asked;
use super::policies::Policied;
use super::progress::{Progress, State};
use crate::failure::Failure;
use crate::language_model;
use crate::say::note;
use dunwu_attention::cache::Cache;
use dunwu_attention::decoder::Decoder;
use dunwu_attention::model::Model;
use dunwu_attention::streaming::{Lane, Sums};
use dunwu_streams::{Checkpoint, Folder, Identity, Opened, Pace, SavedLane, SegmentLine, StreamError, Text};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Saving may take one part in so many of the time.
const SAVING: u32 = 20;

pub(super) struct Underway<'m, 'a> {
    asked: &'a Asked,
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
        asked: &'a Asked,
        model: &'m Model,
        policies: &[Policied],
        identity: &Identity,
        text: &'a mut Text<'m>,
        opened: Opened,
    ) -> Result<Self, Failure> {
        let fresh = |policy: &Policied| {
            let cache = Cache::new(model.hyperparameters(), &policy.assignment, asked.cache);
            Reader {
                policy: policy.written.clone(),
                lane: Lane::new(cache, Sums::new(asked.segment)),
                pace: Pace::default(),
                bytes: 0,
                peak_bytes: 0,
                full_at: policy.full_at(),
            }
        };
        let mut sorted: Vec<&Policied> = policies.iter().collect();
        sorted.sort_by_key(|policy| policy.index_in(identity));
        let Opened { mut folder, checkpoint, mut segments, .. } = opened;
        let decoder = Decoder::new(model, language_model::threads(asked.threads));
        if let Some(checkpoint) = checkpoint {
            let lanes = sorted.iter().zip(&checkpoint.lanes).map(|(policy, saved)| fresh(policy).restored(saved));
            if let Some(lanes) = lanes.collect::<Option<Vec<Reader>>>() {
                text.go_to(&checkpoint.place)?;
                if !asked.quiet {
                    note!("going on from token {}: {}", checkpoint.tokens(), folder.path().display());
                }
                let (last, has_ended) = (checkpoint.last, checkpoint.ended);
                return Ok(Self { asked, decoder, text, folder, segments, lanes, last, has_ended });
            }
            note!("beginning again, because the checkpoint's caches are of another build");
            folder.forget()?;
            segments.clear();
        }
        for passed in 0..asked.from {
            if text.next_token()?.is_none() {
                return Err(Failure::usage(format!("--from {}: the text has {passed} tokens", asked.from)));
            }
        }
        let lanes = sorted.into_iter().map(fresh).collect();
        Ok(Self { asked, decoder, text, folder, segments, lanes, last: identity.setting.begin, has_ended: false })
    }

    /// Reads up to `wanted` tokens in all, or to the end of the text; whether it was stopped before.
    pub(super) fn read(&mut self, wanted: Option<u64>, stop: &AtomicBool) -> Result<bool, Failure> {
        let before = self.tokens();
        let mut progress = Progress::new(before, self.asked.quiet);
        let (mut saved, mut pause) = (Instant::now(), self.asked.checkpoint_every);
        let mut window = Vec::new();
        let was_ended = self.has_ended;
        let is_stopped = loop {
            if stop.load(Ordering::Relaxed) {
                break true;
            }
            self.next_window(wanted, &mut window)?;
            if window.len() < 2 {
                break false;
            }
            self.predict(&window)?;
            if progress.is_due() {
                progress.show(&self.state(wanted));
            }
            if saved.elapsed() >= pause {
                pause = self.save()?.max(self.asked.checkpoint_every);
                saved = Instant::now();
            }
        };
        progress.done();
        if self.tokens() > before || self.has_ended != was_ended {
            self.save()?;
        }
        Ok(is_stopped)
    }

    /// The next chunk of the text with the token before it; shorter than two where nothing is left to do.
    fn next_window(&mut self, wanted: Option<u64>, window: &mut Vec<u32>) -> Result<(), StreamError> {
        let sums = self.lanes[0].lane.sums();
        let left = wanted.map_or(u64::MAX, |wanted| wanted.saturating_sub(sums.tokens));
        let n = u64::from(self.asked.chunk).min(sums.room()).min(left) as usize;
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

    fn state(&self, wanted: Option<u64>) -> State {
        let tokens = self.tokens();
        let (read, of) = self.text.bytes();
        let of_text = (tokens as f64 * of as f64 / read.max(1) as f64) as u64;
        let perplexities = self.lanes.iter().map(|reader| (reader.policy.clone(), reader.lane.sums().perplexity()));
        State { tokens, all: wanted.unwrap_or(of_text), perplexities: perplexities.collect() }
    }

    fn tokens(&self) -> u64 {
        self.lanes[0].lane.sums().tokens
    }

    /// What the stream's `index`th policy came to, without its cache.
    pub(super) fn lane(&self, index: usize) -> SavedLane {
        self.lanes[index].saved()
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
        SavedLane { tokens, nats, open_nats, peak_bytes, bytes, pace, cache: Vec::new() }
    }

    /// As it was saved; `None` where the cache does not fit.
    fn restored(mut self, saved: &SavedLane) -> Option<Self> {
        self.lane.cache().restore(&saved.cache)?;
        let SavedLane { tokens, nats, open_nats, .. } = *saved;
        self.lane.set_sums(Sums { tokens, nats, open_nats, ..*self.lane.sums() });
        (self.bytes, self.peak_bytes, self.pace) = (saved.bytes, saved.peak_bytes, saved.pace.clone());
        (self.lane.cache().position() == tokens).then_some(self)
    }
}
