//! `dunwu serve-model`, ended in the middle of answers: it is there again at once, on the same port, with the same words.

use crate::child::{Call, Running, scratch};
use crate::random::Random;
use crate::tally::RoomTally;
use crate::tiny;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// One server after another on one port, until the time is over.
pub(crate) fn serve(program: &Path, seed: u64, time: Duration, most: u64, tally: &mut RoomTally) -> Result<(), String> {
    let mut random = Random::new(seed);
    let folder = scratch()?;
    tiny::write_for_server(folder.path())?;
    let began = Instant::now();
    let (mut port, mut said) = (0, None);
    while began.elapsed() < time && tally.kills < most {
        tally.cases += 1;
        tally.calls += 1;
        let words = format!("serve-model tiny.gguf --port {port} --threads 1");
        let (mut running, now) = listening(Call::new(program, folder.path(), &words).start()?)?;
        if port != 0 && now != port {
            return Err(format!("it listens on {now} instead of {port}"));
        }
        port = now;
        let answer = ask(port, 4)?;
        if said.get_or_insert_with(|| answer.clone()) != &answer {
            return Err(format!("another answer than before: {answer}"));
        }
        tally.checks += 2;
        end(&mut running, port, &mut random, tally)?;
        let ended = running.end()?;
        if !matches!(ended.code(), None | Some(0 | 130 | 143)) {
            return Err(format!("{:?}: {}", ended.status, ended.stderr));
        }
        let left: Vec<String> = names(folder.path()).into_iter().filter(|name| name != "tiny.gguf").collect();
        if !left.is_empty() {
            return Err(format!("left behind: {}", left.join(", ")));
        }
        tally.checks += 2;
    }
    Ok(())
}

/// Ends it in the middle of a long answer.
fn end(running: &mut Running, port: u16, random: &mut Random, tally: &mut RoomTally) -> Result<(), String> {
    let mut streams = Vec::new();
    for _ in 0..random.below(4) {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())?;
        let _ = stream.write_all(request(100_000, true).as_bytes());
        streams.push(stream);
    }
    if random.once_in(3) {
        drop(streams.pop()); // a client that goes away
    }
    std::thread::sleep(Duration::from_millis(random.below(30) as u64));
    if random.once_in(4) {
        running.signal("STOP");
        tally.stops += 1;
        std::thread::sleep(Duration::from_millis(random.below(30) as u64));
        running.signal("CONT");
        ask(port, 1)?;
    }
    match random.below(4) {
        0 => {
            running.signal("TERM");
            tally.signals += 1;
        }
        1 => {
            running.signal("INT");
            tally.signals += 1;
        }
        _ => {
            running.kill();
            tally.kills += 1;
        }
    }
    Ok(())
}

fn listening(mut running: Running) -> Result<(Running, u16), String> {
    let began = Instant::now();
    loop {
        let said = running.said();
        let port = said.lines().find_map(|line| line.trim().strip_prefix("listening on http://127.0.0.1:"));
        if let Some(port) = port.and_then(|port| port.parse().ok()) {
            return Ok((running, port));
        }
        if running.has_ended()? || began.elapsed() > PATIENCE {
            return Err(format!("it does not listen: {said}"));
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn request(tokens: u32, streams: bool) -> String {
    let body = format!("{{\"prompt\":\"the\",\"max_tokens\":{tokens},\"seed\":3,\"stream\":{streams}}}");
    let length = body.len();
    format!(
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// The text of a whole answer.
fn ask(port: u16, tokens: u32) -> Result<String, String> {
    let mut answer = String::new();
    let mut exchange = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request(tokens, false).as_bytes())?;
        stream.read_to_string(&mut answer)
    };
    exchange().map_err(|error| format!("no answer: {error}"))?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    let object: serde_json::Value = serde_json::from_str(body).map_err(|error| format!("{error}: {answer}"))?;
    object["choices"][0]["text"].as_str().map(str::to_owned).ok_or_else(|| format!("no text in {object}"))
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
