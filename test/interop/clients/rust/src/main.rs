//! rust_socketio as a client: client PLAN
//!
//! Its `connect` returns when CONNECT has left, and what is emitted then goes to a namespace that it is not in yet: one
//! step does so. The others wait until they are in.

mod steps;
mod visit;

use serde_json::Value;
use std::panic;
use visit::Visit;

/// What cargo has chosen; it writes that down before it compiles.
const LOCK: &str = include_str!("../Cargo.lock");

fn main() {
    let argument = std::env::args().nth(1).expect("client PLAN");
    let plan: Value = serde_json::from_str(&argument).expect("a plan in JSON");
    println!("client rust_socketio {}", version().unwrap_or("of no version"));
    panic::set_hook(Box::new(|_| {})); // what has failed is said below
    for step in plan["steps"].as_array().expect("steps") {
        let name = step.as_str().expect("the name of a step");
        let visit = Visit::new(&plan);
        let outcome = panic::catch_unwind(|| steps::take(name, &visit));
        match outcome.unwrap_or_else(|_| Err("it panicked".into())) {
            Ok(()) => println!("ok {name}"),
            Err(why) => println!("not ok {name}: {}", why.to_string().replace('\n', " ")),
        }
    }
    std::process::exit(0); // whatever a client may still wait for
}

fn version() -> Option<&'static str> {
    LOCK.split("name = \"rust_socketio\"\nversion = \"").nth(1)?.split('"').next()
}
