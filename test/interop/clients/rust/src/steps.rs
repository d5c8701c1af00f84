//! The steps.

use crate::visit::{equal, Outcome, Visit, MOST_TIME};
use serde_json::{json, Value};

const WORDS: &str = "grüße 🌍 \u{2028}\"\\\n\n:";

pub fn take(step: &str, visit: &Visit) -> Outcome<()> {
    match step {
        "auth" => auth(visit),
        "refusal" => refusal(visit),
        "text" => text(visit),
        "binary" => binary(visit),
        "acks" => acks(visit),
        "namespaces" => namespaces(visit),
        "rooms" => rooms(visit),
        "heartbeat" => heartbeat(visit),
        "reconnect" => reconnect(visit),
        _ => Err(format!("there is no step {step}").into()),
    }
}

fn auth(visit: &Visit) -> Outcome<()> {
    let welcome = visit.join()?.welcome.recv_timeout(MOST_TIME)?;
    let transport = if visit.transport == "websocket" { "websocket" } else { "polling" };
    equal(&welcome, &vec![json!(visit.user), json!(transport)])
}

fn refusal(visit: &Visit) -> Outcome<()> {
    let no = visit.enter("/mirror", "wrong")?.errors.recv_timeout(MOST_TIME)?;
    let (_, payload) = no.split_once(": ").ok_or(no.clone())?;
    let want = json!({"message": "that is not the word", "data": {"code": "WRONG", "tries": 3}});
    equal(&serde_json::from_str::<Value>(payload)?, &want)
}

fn text(visit: &Visit) -> Outcome<()> {
    let socket = visit.enter("/mirror", "")?;
    socket.said(json!(WORDS))?; // before it is in
    socket.said(vec![json!({"words": WORDS, "list": [1, -2.5, null, [], true], "deep": {"a": {"b": {}}}}), json!("and")])?;
    socket.said(json!(WORDS.repeat(2000)))
}

fn binary(visit: &Visit) -> Outcome<()> {
    let socket = visit.join()?;
    // By WebSocket the client takes a byte of 30 for the end of a packet.
    let readable = |byte: &u8| *byte != 30 || visit.transport == "polling";
    socket.said([0u8, 255, 30, 58, 128].into_iter().filter(readable).collect::<Vec<u8>>())?;
    socket.said((0..100_000u32).map(|i| (i % 251) as u8).filter(readable).collect::<Vec<u8>>())
}

fn acks(visit: &Visit) -> Outcome<()> {
    let socket = visit.join()?;
    equal(&socket.asked("echo", vec![json!(WORDS), json!(2)])?, &vec![json!(WORDS), json!(2)])
}

fn namespaces(visit: &Visit) -> Outcome<()> {
    let (main, other) = (visit.enter("/", "")?, visit.join()?);
    main.connects.recv_timeout(MOST_TIME)?;
    equal(&main.asked("echo", vec![json!(1)])?, &vec![json!(1)])?;
    equal(&other.asked("echo", vec![json!(2)])?, &vec![json!(2)])
}

fn rooms(visit: &Visit) -> Outcome<()> {
    let room = format!("{WORDS} {} {}", visit.user, visit.transport);
    let (a, b, c) = (visit.join()?, visit.join()?, visit.join()?);
    for socket in [&a, &b] {
        equal(&socket.asked("join", vec![json!(room)])?, &vec![json!(room)])?;
    }
    let tell = |word: &str| c.asked("tell", vec![json!(room), json!(""), json!(word)]);
    equal(&tell("both")?, &vec![json!(2)])?;
    b.asked("leave", vec![json!(room)])?;
    equal(&tell(WORDS)?, &vec![json!(1)])?;
    for (socket, want) in [(&a, vec!["both", WORDS]), (&b, vec!["both"]), (&c, vec![])] {
        socket.asked("echo", vec![json!(0)])?; // behind what was told
        let told: Vec<Value> = socket.told.try_iter().flatten().collect();
        equal(&json!(told), &json!(want))?;
    }
    Ok(())
}

fn heartbeat(visit: &Visit) -> Outcome<()> {
    let socket = visit.join()?;
    socket.asked("rest", vec![])?;
    equal(&socket.connects.try_iter().count(), &0)
}

fn reconnect(visit: &Visit) -> Outcome<()> {
    let socket = visit.join()?;
    let _ = socket.client.emit("cut", vec![json!("nobody")]); // whose own request may be cut
    socket.connects.recv_timeout(MOST_TIME)?;
    equal(&socket.asked("echo", vec![json!(WORDS)])?, &vec![json!(WORDS)])
}
