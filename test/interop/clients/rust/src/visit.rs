//! The connections of one step.

use rust_socketio::client::Client;
use rust_socketio::{ClientBuilder, Event, Payload, TransportType};
use serde_json::{json, Value};
use std::error::Error;
use std::sync::mpsc::{channel, Receiver};
use std::time::Duration;

pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// For whatever a step waits for.
pub const MOST_TIME: Duration = Duration::from_secs(40);

pub struct Visit {
    url: String,
    pub user: String,
    pub transport: String,
}

/// A client, and what it has heard.
pub struct Joined {
    pub client: Client,
    pub connects: Receiver<()>,
    pub errors: Receiver<String>,
    pub welcome: Receiver<Vec<Value>>,
    pub said: Receiver<Payload>,
    pub told: Receiver<Vec<Value>>,
}

impl Visit {
    pub fn new(plan: &Value) -> Visit {
        let text = |name: &str| plan[name].as_str().unwrap_or_default().to_owned();
        Visit { url: text("url"), user: text("user"), transport: text("transport") }
    }

    /// A client that is on its way into a namespace.
    pub fn enter(&self, namespace: &str, token: &str) -> Outcome<Joined> {
        let (connected, connects) = channel();
        let (failed, errors) = channel();
        let (welcomed, welcome) = channel();
        let (back, said) = channel();
        let (heard, told) = channel();
        let transport = match self.transport.as_str() {
            "polling" => TransportType::Polling,
            "websocket" => TransportType::Websocket,
            _ => TransportType::WebsocketUpgrade,
        };
        let client = ClientBuilder::new(self.url.as_str())
            .namespace(namespace)
            .transport_type(transport)
            .auth(json!({"user": self.user, "token": token}))
            .reconnect(true)
            .reconnect_delay(1, 20)
            .on(Event::Connect, move |_, _| connected.send(()).unwrap_or_default())
            .on(Event::Error, move |payload, _| failed.send(text(payload)).unwrap_or_default())
            .on("welcome", move |payload, _| welcomed.send(values(payload)).unwrap_or_default())
            .on("said", move |payload, _| back.send(payload).unwrap_or_default())
            .on("told", move |payload, _| heard.send(values(payload)).unwrap_or_default())
            .connect()?;
        Ok(Joined { client, connects, errors, welcome, said, told })
    }

    /// A client that is in.
    pub fn join(&self) -> Outcome<Joined> {
        let joined = self.enter("/mirror", "")?;
        joined.connects.recv_timeout(MOST_TIME)?;
        Ok(joined)
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        let _ = self.client.disconnect(); // it may be gone already
    }
}

impl Joined {
    /// Goes to the service and back without an acknowledgement.
    pub fn said(&self, args: impl Into<Payload>) -> Outcome<()> {
        let args = args.into();
        self.client.emit("say", args.clone())?;
        equal(&self.said.recv_timeout(MOST_TIME)?, &args)
    }

    /// The acknowledgement of an event.
    pub fn asked(&self, event: &str, args: Vec<Value>) -> Outcome<Vec<Value>> {
        let (answered, answer) = channel();
        self.client.emit_with_ack(event, args, MOST_TIME, move |payload, _| answered.send(values(payload)).unwrap_or_default())?;
        match answer.recv_timeout(MOST_TIME)?.into_iter().next() {
            Some(Value::Array(args)) => Ok(args), // an acknowledgement comes as one value
            other => Err(format!("an acknowledgement is {other:?}").into()),
        }
    }
}

/// The values of a payload of text.
pub fn values(payload: Payload) -> Vec<Value> {
    match payload {
        Payload::Text(values) => values,
        _ => Vec::new(),
    }
}

fn text(payload: Payload) -> String {
    values(payload).iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect()
}

pub fn equal<T: PartialEq + std::fmt::Debug>(got: &T, want: &T) -> Outcome<()> {
    if got == want {
        return Ok(());
    }
    Err(format!("got {got:.300?}, want {want:.300?}").into())
}
