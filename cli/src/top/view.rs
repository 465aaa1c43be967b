//! What `wufu top` shows.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value, json};
use wufu_serve::metrics::names as n;

use super::scrape::{Measured, Scrape, quantile};
use crate::output::duration;

/// What happened between two measurements.
pub struct View {
    ready: Option<bool>,
    conditions: Vec<String>,
    requests: BTreeMap<String, f64>,
    refusals: BTreeMap<String, f64>,
    jobs: BTreeMap<String, f64>,
    request: (Option<f64>, Option<f64>),
    wait: (Option<f64>, Option<f64>),
    connections: Option<f64>,
    in_flight: Option<f64>,
    cpu: Option<f64>,
    memory: Option<f64>,
    keys: Option<f64>,
    leaves: BTreeMap<String, f64>,
    unsigned: BTreeMap<String, f64>,
    claims: BTreeMap<String, f64>,
    epoch: Option<f64>,
    checkpoint: Option<f64>,
    free: Option<f64>,
}

impl View {
    /// Compares two measurements.
    pub fn new(before: &Measured, now: &Measured) -> Self {
        let seconds = now.at.duration_since(before.at).as_secs_f64().max(0.001);
        let (before, now) = (&before.scrape, &now.scrape);
        let rates = |name: &str, label: &str| {
            let earlier = before.by(name, label);
            let rate = |(key, value): (String, f64)| {
                // A counter that went back belongs to a service that was restarted.
                let since = (value - earlier.get(&key).copied().unwrap_or(0.0)).max(0.0);
                (key, since / seconds)
            };
            now.by(name, label).into_iter().map(rate).filter(|(_, rate)| *rate > 0.0).collect()
        };
        let (clock, held) = (unix_now(), now.by(n::CONDITION, "condition"));
        let age = |name: &str| now.sum(name).map(|at| (clock - at).max(0.0));
        let used = now.sum(n::CPU).zip(before.sum(n::CPU));
        Self {
            ready: now.sum(n::READY).map(|ready| ready > 0.0),
            conditions: held.into_iter().filter(|held| held.1 > 0.0).map(|held| held.0).collect(),
            requests: rates(n::REQUESTS, "method"),
            refusals: rates(n::REFUSALS, "reason"),
            jobs: rates(n::JOBS, "circuit"),
            request: quantiles(before, now, n::REQUEST_SECONDS),
            wait: quantiles(before, now, n::QUEUE_WAIT),
            connections: now.sum(n::CONNECTIONS),
            in_flight: now.sum(n::IN_FLIGHT),
            cpu: used.map(|(now, before)| (now - before).max(0.0) / seconds * 100.0),
            memory: now.sum(n::RESIDENT),
            keys: now.sum(n::KEY_BYTES),
            leaves: now.by(n::LEAVES, "log"),
            unsigned: now.by(n::UNSIGNED, "log"),
            claims: rates(n::CLAIMS, "verdict"),
            epoch: age(n::CLOSED_AT),
            checkpoint: age(n::CHECKPOINT_AT),
            free: now.sum(n::FREE_BYTES),
        }
    }

    /// A table for people.
    pub fn text(&self, url: &str) -> String {
        let state = match self.ready {
            Some(true) => "serving".to_owned(),
            Some(false) if self.conditions.is_empty() => "not serving".to_owned(),
            Some(false) => format!("not serving: {}", self.conditions.join(", ")),
            None => "no service of Wufu".to_owned(),
        };
        let mut text = format!("{url}: {state}");
        let mut row = |name: &str, value: String| {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n  {name:20} {value}");
        };
        row("requests a second", rates(&self.requests));
        row("refusals a second", rates(&self.refusals));
        row("request p50, p99", times(self.request));
        row("queue wait p50, p99", times(self.wait));
        if !self.jobs.is_empty() {
            row("jobs a second", rates(&self.jobs));
        }
        row("connections", count(self.connections));
        row("calls in flight", count(self.in_flight));
        row("CPU", self.cpu.map_or("-".into(), |cpu| format!("{cpu:.0} %")));
        row("memory", bytes(self.memory));
        if self.keys.is_some() {
            row("key tables", bytes(self.keys));
        }
        for (log, leaves) in &self.leaves {
            let waiting = self.unsigned.get(log).copied().unwrap_or(0.0);
            row(&format!("leaves of {log}"), format!("{leaves}, {waiting} not signed yet"));
        }
        if self.epoch.is_some() || self.checkpoint.is_some() {
            row("claims a second", rates(&self.claims));
            row("epoch closed", ago(self.epoch));
            row("newest checkpoint", ago(self.checkpoint));
            row("free disk", bytes(self.free));
        }
        text
    }

    /// The same for programs: times in seconds, sizes in bytes.
    pub fn json(&self) -> Value {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Value| fields.insert(name.into(), value);
        put("ready", json!(self.ready));
        put("conditions", json!(self.conditions));
        put("requests_per_s", json!(self.requests));
        put("refusals_per_s", json!(self.refusals));
        put("jobs_per_s", json!(self.jobs));
        put("claims_per_s", json!(self.claims));
        put("request_p50_s", json!(self.request.0));
        put("request_p99_s", json!(self.request.1));
        put("queue_wait_p50_s", json!(self.wait.0));
        put("queue_wait_p99_s", json!(self.wait.1));
        put("connections", json!(self.connections));
        put("in_flight", json!(self.in_flight));
        put("cpu_percent", json!(self.cpu));
        put("memory_bytes", json!(self.memory));
        put("key_bytes", json!(self.keys));
        put("leaves", json!(self.leaves));
        put("unsigned_leaves", json!(self.unsigned));
        put("epoch_age_s", json!(self.epoch));
        put("checkpoint_age_s", json!(self.checkpoint));
        put("free_bytes", json!(self.free));
        Value::Object(fields)
    }
}

/// The median and the 99th percentile of what was observed between two measurements. If that is
/// nothing, of everything.
fn quantiles(before: &Scrape, now: &Scrape, name: &str) -> (Option<f64>, Option<f64>) {
    let (earlier, all) = (before.buckets(name), now.buckets(name));
    let since = all.iter().map(|&(bound, count)| {
        let earlier = earlier.iter().find(|earlier| earlier.0 == bound);
        (bound, (count - earlier.map_or(0.0, |earlier| earlier.1)).max(0.0))
    });
    let since: Vec<_> = since.collect();
    let is_quiet = since.last().is_none_or(|last| last.1 == 0.0);
    let buckets = if is_quiet { &all } else { &since };
    (quantile(buckets, 0.5), quantile(buckets, 0.99))
}

fn unix_now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

fn rates(rates: &BTreeMap<String, f64>) -> String {
    if rates.is_empty() {
        return "0".into();
    }
    let total: f64 = rates.values().sum();
    let parts: Vec<String> = rates.iter().map(|(name, rate)| format!("{name} {rate:.1}")).collect();
    format!("{total:.1} ({})", parts.join(", "))
}

fn times((half, most): (Option<f64>, Option<f64>)) -> String {
    let time = |seconds: Option<f64>| match seconds {
        Some(seconds) => Duration::try_from_secs_f64(seconds).map_or("-".into(), duration),
        None => "-".into(),
    };
    format!("{}, {}", time(half), time(most))
}

fn ago(seconds: Option<f64>) -> String {
    seconds.map_or("-".into(), |seconds| format!("{seconds:.0} s ago"))
}

fn count(number: Option<f64>) -> String {
    number.map_or("-".into(), |number| format!("{number}"))
}

fn bytes(number: Option<f64>) -> String {
    number.map_or("-".into(), |number| format!("{:.0} MB", number / 1e6))
}
