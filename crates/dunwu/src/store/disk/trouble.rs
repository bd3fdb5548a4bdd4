//! Trouble on purpose, in builds with debug assertions alone: the n-th call to the disk fails, or is the last.
//!
//! A process reads the variable `DUNWU_TROUBLE`, a list such as `17:full` or `3:short,40:power=7`: the number of a call, counted from
//! 1, and what happens there.
//!
//! | Kind | What happens |
//! |---|---|
//! | `full` | from this call on nothing that takes space succeeds; `full=3` means for three such calls, then somebody made space |
//! | `read-only` | from this call on nothing succeeds |
//! | `io` | this call fails as a broken disk does; a write may have written half of its bytes |
//! | `short` | this write, or the next, writes half of its bytes and says so, which is no error |
//! | `interrupted` | this write, or the next, is interrupted by a signal, which is no error |
//! | `kill` | the process ends here, as by `kill -9`; a write has written half of its bytes |
//! | `power` | the process ends here, and with it whatever was not synced (`disk/power.rs`); `power=7` loses another part of it |
//!
//! `DUNWU_TROUBLE_LOG` names a file that gets a line a call. `DUNWU_CLOCK` is added to the time of day, in seconds, or is `jumps`: then
//! each look at the clock finds it another month ahead or behind.
//!
//! A test in this process calls [`with`] instead, which holds for its own thread; a killed process is then one in which every further
//! call fails and changes nothing.

use super::Call;
use super::power::World;
use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// What happens at one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// So many calls that take space find none.
    Full(u64),
    /// No call succeeds from here on.
    ReadOnly,
    /// The disk says that it is broken.
    Io,
    /// A write writes half of its bytes.
    Short,
    /// A write is interrupted by a signal.
    Interrupted,
    /// The process ends.
    Kill,
    /// The process ends and what was not synced is lost; of what else may be lost, the seed decides.
    Power(u64),
}

/// One entry of a list of troubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The number of the call, counted from 1.
    pub at: u64,
    /// What happens there.
    pub kind: Kind,
}

impl FromStr for Trouble {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is no trouble: write the number of a call and a kind, such as 17:full or 40:power=7");
        let (at, kind) = text.split_once(':').ok_or_else(wrong)?;
        let (name, number) = kind.split_once('=').map_or((kind, None), |(name, number)| (name, Some(number)));
        let number = number.map(|number| number.parse().ok().ok_or_else(wrong)).transpose()?;
        let kind = match (name, number) {
            ("full", number) => Kind::Full(number.unwrap_or(u64::MAX)),
            ("read-only", None) => Kind::ReadOnly,
            ("io", None) => Kind::Io,
            ("short", None) => Kind::Short,
            ("interrupted", None) => Kind::Interrupted,
            ("kill", None) => Kind::Kill,
            ("power", number) => Kind::Power(number.unwrap_or(0)),
            _ => return Err(wrong()),
        };
        Ok(Self { at: at.parse().ok().ok_or_else(wrong)?, kind })
    }
}

/// The disk of one process, or of one thread of a test.
#[derive(Debug, Default)]
struct Machine {
    troubles: Vec<Trouble>,
    calls: u64,
    /// Calls that still find no space; `None` where space was never short.
    full: u64,
    is_read_only: bool,
    is_off: bool,
    /// A write is to be short or interrupted.
    next_write: Option<Kind>,
    /// Kept where power may be lost.
    world: Option<World>,
    log: Option<File>,
    /// Whether the end of the process is only played.
    is_played: bool,
}

/// What becomes of a call.
enum Verdict {
    Succeeds,
    Fails(io::Error),
    /// A write writes so many bytes and then this becomes of it.
    Torn(Option<io::Error>),
    Ends(Kind),
}

impl Machine {
    fn new(troubles: &[Trouble]) -> Self {
        let loses_power = troubles.iter().any(|trouble| matches!(trouble.kind, Kind::Power(_)));
        Self { troubles: troubles.to_vec(), world: loses_power.then(World::default), ..Self::default() }
    }

    fn judge(&mut self, call: Call, path: &Path) -> Verdict {
        if self.is_off {
            return Verdict::Fails(io::Error::other("this machine is off"));
        }
        self.calls += 1;
        if let Some(log) = &mut self.log {
            let _ = writeln!(log, "{} {call:?} {}", self.calls, path.display());
        }
        for trouble in self.troubles.iter().filter(|trouble| trouble.at == self.calls) {
            match trouble.kind {
                Kind::Full(calls) => self.full = calls,
                Kind::ReadOnly => self.is_read_only = true,
                Kind::Short | Kind::Interrupted => self.next_write = Some(trouble.kind),
                Kind::Io if call == Call::Write => return Verdict::Torn(Some(broken())),
                Kind::Io => return Verdict::Fails(broken()),
                Kind::Kill | Kind::Power(_) => return Verdict::Ends(trouble.kind),
            }
        }
        if self.is_read_only {
            return Verdict::Fails(ErrorKind::ReadOnlyFilesystem.into());
        }
        if self.full > 0
            && matches!(call, Call::Open | Call::Write | Call::MakeFolder)
            && !(call == Call::Open && path.exists())
        {
            self.full -= 1;
            let full = ErrorKind::StorageFull.into();
            return if call == Call::Write { Verdict::Torn(Some(full)) } else { Verdict::Fails(full) };
        }
        if call == Call::Write {
            return match self.next_write.take() {
                Some(Kind::Short) => Verdict::Torn(None),
                Some(_) => Verdict::Fails(ErrorKind::Interrupted.into()),
                None => Verdict::Succeeds,
            };
        }
        Verdict::Succeeds
    }

    fn note(&mut self, call: Call, path: &Path) {
        let Some(world) = &mut self.world else { return };
        match call {
            Call::Open => world.opened(path),
            Call::Sync => world.synced(path),
            Call::SyncFolder => world.synced_folder(path),
            Call::Remove => world.removed(path),
            Call::MakeFolder => world.made_folder(path),
            Call::Write | Call::Cut | Call::Rename | Call::RemoveFolder => {}
        }
    }

    /// Ends the process, or plays that it ended.
    fn end(&mut self, kind: Kind) -> io::Error {
        if let (Kind::Power(seed), Some(world)) = (kind, &self.world) {
            world.lose(seed);
        }
        if !self.is_played {
            std::process::abort();
        }
        self.is_off = true;
        io::Error::other("this machine is off")
    }
}

fn broken() -> io::Error {
    io::Error::other("Input/output error (made on purpose)")
}

type Shared = Arc<Mutex<Machine>>;

thread_local! {
    static OF_THREAD: RefCell<Option<Shared>> = const { RefCell::new(None) };
}

static OF_PROCESS: LazyLock<Option<Shared>> = LazyLock::new(|| {
    let list = std::env::var("DUNWU_TROUBLE").ok();
    let log = std::env::var_os("DUNWU_TROUBLE_LOG");
    if list.is_none() && log.is_none() {
        return None;
    }
    let troubles = list.iter().flat_map(|list| list.split(',')).filter(|word| !word.is_empty());
    let troubles: Vec<Trouble> =
        troubles.map(|word| word.parse().unwrap_or_else(|error: String| panic!("DUNWU_TROUBLE: {error}"))).collect();
    let mut machine = Machine::new(&troubles);
    machine.log = log.and_then(|path| OpenOptions::new().create(true).append(true).open(path).ok());
    Some(Arc::new(Mutex::new(machine)))
});

fn machine() -> Option<Shared> {
    OF_THREAD.with_borrow(Clone::clone).or_else(|| OF_PROCESS.clone())
}

fn locked(machine: &Shared) -> MutexGuard<'_, Machine> {
    machine.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls `act` with this list of troubles on this thread; also says how many calls to the disk it made, and whether the machine is
/// off.
pub fn with<T>(troubles: &[Trouble], act: impl FnOnce() -> T) -> (T, u64, bool) {
    let machine = Arc::new(Mutex::new(Machine { is_played: true, ..Machine::new(troubles) }));
    let before = OF_THREAD.replace(Some(Arc::clone(&machine)));
    let result = act();
    OF_THREAD.set(before);
    let machine = locked(&machine);
    (result, machine.calls, machine.is_off)
}

/// Makes a call that writes no bytes, or what trouble makes of it.
pub(super) fn call<T>(call: Call, path: &Path, act: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let Some(machine) = machine() else { return act() };
    let mut machine = locked(&machine);
    match machine.judge(call, path) {
        Verdict::Succeeds | Verdict::Torn(None) => {}
        Verdict::Fails(error) | Verdict::Torn(Some(error)) => return Err(error),
        Verdict::Ends(kind) => return Err(machine.end(kind)),
    }
    if let Some(world) = &mut machine.world {
        world.meet(path);
    }
    let result = act()?;
    machine.note(call, path);
    Ok(result)
}

/// Writes bytes, or what trouble makes of it; `None` where there is none to be had.
pub(super) fn write(path: &Path, bytes: &[u8], act: impl Fn(&[u8]) -> io::Result<usize>) -> Option<io::Result<usize>> {
    let machine = machine()?;
    let mut machine = locked(&machine);
    let half = &bytes[..bytes.len() / 2];
    Some(match machine.judge(Call::Write, path) {
        Verdict::Succeeds => act(bytes),
        Verdict::Torn(None) if half.is_empty() => act(bytes),
        Verdict::Torn(None) => act(half),
        Verdict::Fails(error) => Err(error),
        Verdict::Torn(Some(error)) => act(half).and(Err(error)),
        Verdict::Ends(kind) => {
            let _ = act(half);
            Err(machine.end(kind))
        }
    })
}

/// Renames a file, or what trouble makes of it; `None` where there is none to be had.
pub(super) fn rename(from: &Path, to: &Path, act: impl FnOnce() -> io::Result<()>) -> Option<io::Result<()>> {
    machine()?;
    Some(call(Call::Rename, to, act).inspect(|()| {
        let Some(machine) = machine() else { return };
        if let Some(world) = &mut locked(&machine).world {
            world.renamed(from, to);
        }
    }))
}

/// The time of day, with what `DUNWU_CLOCK` adds to it.
pub(super) fn now() -> SystemTime {
    const MONTH: u64 = 30 * 86_400;
    static LOOKS: AtomicU64 = AtomicU64::new(0);
    static CLOCK: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("DUNWU_CLOCK").ok());
    let now = SystemTime::now();
    let moved = |seconds: i64| {
        let by = Duration::from_secs(seconds.unsigned_abs());
        if seconds < 0 { now.checked_sub(by) } else { now.checked_add(by) }
    };
    match CLOCK.as_deref() {
        None => now,
        Some("jumps") => {
            let look = LOOKS.fetch_add(1, Ordering::Relaxed);
            // Ahead by one month, behind by two, ahead by three.
            let months = (look + 1).wrapping_mul(MONTH) as i64;
            moved(if look.is_multiple_of(2) { months } else { -months }).unwrap_or(now)
        }
        Some(seconds) => {
            let seconds =
                seconds.parse().unwrap_or_else(|_| panic!("DUNWU_CLOCK: {seconds:?} is no number of seconds"));
            moved(seconds).unwrap_or(now)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{WrittenFile, make_folder, rename, sync_folder};
    use super::*;
    use std::fs;

    fn words(text: &str) -> Vec<Trouble> {
        text.split(',').map(|word| word.parse().unwrap()).collect()
    }

    #[test]
    fn a_list_is_read_and_nonsense_named() {
        assert_eq!(
            words("17:full,40:power=7"),
            [Trouble { at: 17, kind: Kind::Full(u64::MAX) }, Trouble { at: 40, kind: Kind::Power(7) },]
        );
        for nonsense in ["full", "x:full", "1:fall", "1:power=x", "1:kill=2", ""] {
            assert!(nonsense.parse::<Trouble>().is_err(), "{nonsense}");
        }
    }

    /// Writes `new` over `path` by way of a temporary file, and leaves out what is asked to be left out.
    fn replace(path: &Path, new: &[u8], syncs_file: bool, syncs_folder: bool) -> io::Result<()> {
        let temp = path.with_extension("tmp");
        let mut file = WrittenFile::create(&temp)?;
        file.write_all(new)?;
        if syncs_file {
            file.sync()?;
        }
        rename(&temp, path)?;
        if syncs_folder {
            sync_folder(path.parent().unwrap())?;
        }
        // Where the power is lost.
        let _ = WrittenFile::create(&path.with_extension("last"));
        Ok(())
    }

    #[test]
    fn a_power_loss_keeps_what_was_synced_and_nothing_else() {
        for (syncs_file, syncs_folder, wanted) in
            [(true, true, &b"new"[..]), (false, true, b""), (true, false, b"old"), (false, false, b"old")]
        {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a");
            fs::write(&path, "old").unwrap();
            let last = 4 + u64::from(syncs_file) + u64::from(syncs_folder);
            let power = [Trouble { at: last, kind: Kind::Power(0) }];
            let (_, calls, is_off) = with(&power, || replace(&path, b"new", syncs_file, syncs_folder));
            assert!((calls, is_off) == (last, true), "{calls}");
            assert_eq!(fs::read(&path).unwrap(), wanted, "{syncs_file} {syncs_folder}");
        }
    }

    #[test]
    fn a_folder_whose_name_was_not_synced_is_lost_with_all_that_is_in_it() {
        let in_folder = |at| {
            let folder = tempfile::tempdir().unwrap();
            let inner = folder.path().join("inner");
            let (_, _, is_off) = with(&[Trouble { at, kind: Kind::Power(0) }], || {
                make_folder(&inner)?; // makes it, then syncs its name
                let file = WrittenFile::create(&inner.join("a"))?;
                sync_folder(&inner)?;
                file.sync()
            });
            assert!(is_off, "call {at}");
            (inner.is_dir(), inner.join("a").exists())
        };
        let wanted = [(false, false), (false, false), (true, false), (true, false), (true, true)];
        assert_eq!([1, 2, 3, 4, 5].map(in_folder), wanted);
    }

    #[test]
    fn other_seeds_lose_other_parts() {
        let outcomes: std::collections::BTreeSet<Vec<u8>> = (1..40)
            .map(|seed| {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("a");
                fs::write(&path, "old").unwrap();
                let _ =
                    with(&[Trouble { at: 4, kind: Kind::Power(seed) }], || replace(&path, b"renewed", false, false));
                fs::read(&path).unwrap()
            })
            .collect();
        assert_eq!(outcomes, [&b""[..], b"old", b"ren", b"renewed"].map(<[u8]>::to_vec).into());
    }

    #[test]
    fn a_full_disk_stays_full_and_a_short_write_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let (written, _, _) = with(&words("2:short,4:full=1"), || {
            let mut file = WrittenFile::create(&path)?;
            file.write_all(b"abcdefgh")?;
            let full = file.write_all(b"12345678").unwrap_err();
            assert_eq!(full.kind(), ErrorKind::StorageFull);
            file.write_all(b"!")
        });
        written.unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"abcdefgh1234!");
    }
}
