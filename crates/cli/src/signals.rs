//! Ctrl-C and SIGTERM as flags: the first asks for an end with checkpoints, Ctrl-C after it ends the process at once. A further
//! SIGTERM does not: Slurm sends one to a worker, and the script around it another.

use crate::audience;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

pub(crate) struct Signals {
    stop: Arc<AtomicBool>,
    caught: Arc<AtomicUsize>,
}

impl Signals {
    /// Listens to signals from now on. A program that asked has its own way to say that it wants an end, and its own signals.
    pub(crate) fn watch() -> io::Result<Self> {
        if let Some(stop) = audience::stop() {
            return Ok(Self { stop, caught: Arc::default() });
        }
        let (stop, caught) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        // Before the flag: the second Ctrl-C finds it set by the first.
        flag::register_conditional_shutdown(SIGINT, 128 + SIGINT, Arc::clone(&stop))?;
        for signal in [SIGINT, SIGTERM] {
            flag::register(signal, Arc::clone(&stop))?;
            flag::register_usize(signal, Arc::clone(&caught), signal as usize)?;
        }
        Ok(Self { stop, caught })
    }

    pub(crate) fn stop(&self) -> &AtomicBool {
        &self.stop
    }

    /// The signal that came, if one did; a program that asked for an end counts as Ctrl-C.
    pub(crate) fn caught(&self) -> Option<u8> {
        if audience::is_program() {
            return self.stop.load(Ordering::Relaxed).then_some(SIGINT as u8);
        }
        Some(self.caught.load(Ordering::Relaxed) as u8).filter(|&signal| signal > 0)
    }
}
