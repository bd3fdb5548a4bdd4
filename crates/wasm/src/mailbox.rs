//! What the page calls: it writes a request where [`input`] says, calls [`ask`], and reads [`output_len`] bytes where [`output`] says.
//!
//! The three statics are locked for a moment each, never while a request is worked on, so that a panic leaves none of them locked.

#![cfg_attr(
    target_family = "wasm",
    expect(
        unsafe_code,
        reason = "the page finds functions by their names; the other exports of a page's module are the linker's own"
    )
)]

use crate::session::Session;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

static INPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static OUTPUT: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static SESSION: Mutex<Session> = Mutex::new(Session::NEW);

fn lock<T>(mutex: &'static Mutex<T>) -> MutexGuard<'static, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where the page writes a request of `len` bytes, JSON in UTF-8. It holds until the next call of any of these functions.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn input(len: usize) -> *mut u8 {
    let mut input = lock(&INPUT);
    input.clear();
    input.resize(len, 0);
    input.as_mut_ptr()
}

/// Works on the request: 0 if it was done, 1 if it was refused; either way the output says what came of it.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn ask() -> u32 {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| std::panic::set_hook(Box::new(|panic| *lock(&OUTPUT) = refusal(&format!("a bug: {panic}")))));
    // Whatever ends without a panic, such as a memory that is full, leaves this.
    *lock(&OUTPUT) = refusal("the engine ended without a word; most likely the 4 GB that a page has were not enough");
    let input = std::mem::take(&mut *lock(&INPUT));
    let mut session = std::mem::take(&mut *lock(&SESSION));
    let done = session.ask(&input);
    *lock(&SESSION) = session;
    let (code, output) = match done {
        Ok(bytes) => (0, bytes),
        Err(why) => (1, refusal(&why)),
    };
    *lock(&OUTPUT) = output;
    code
}

/// Where the answer to the last request stands.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn output() -> *const u8 {
    lock(&OUTPUT).as_ptr()
}

/// How many bytes it has.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub extern "C" fn output_len() -> usize {
    lock(&OUTPUT).len()
}

fn refusal(why: &str) -> Vec<u8> {
    serde_json::json!({ "error": why }).to_string().into_bytes()
}
