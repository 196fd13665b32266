//! One invocation: payload in, response out. Thin: it asks for the inventory, has the event transformed, and puts back what is left.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_firehose::Client;
use enrich::Atlas;
use inventory::Inventory;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::decorate::{DecorateOptions, Decorator};
use crate::firehose::event::{Event, MalformedEvent};
use crate::firehose::put_back::{self, Outcome};
use crate::firehose::transformation::{Scratch, Transformation};
use crate::inventory_source::{InventorySource, NoInventory};
use crate::metrics::Invocation;

/// Least time kept for decorating and answering, of what an invocation has.
const LEAST_RESERVE: Duration = Duration::from_millis(500);

/// What all invocations of a process share.
pub struct Handler {
    transformation: Transformation,
    inventory: InventorySource,
    firehose: Client,
    function_name: String,
    desk: Mutex<Desk>,
}

/// What one invocation uses at a time.
struct Desk {
    decorator: Decorator,
    scratch: Scratch,
    is_cold: bool,
}

/// Why an invocation fails as a whole. Firehose then calls again, three times, and keeps the batch in S3 if that does not help.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// The payload is no Firehose event.
    #[error(transparent)]
    Malformed(#[from] MalformedEvent),
    /// Without an inventory the documents would lack their groups, for good.
    #[error(transparent)]
    NoInventory(#[from] NoInventory),
}

impl HandleError {
    /// The kind of error, as Lambda shows it.
    pub fn kind(&self) -> &'static str {
        match self {
            HandleError::Malformed(_) => "MalformedEvent",
            HandleError::NoInventory(_) => "NoInventory",
        }
    }
}

impl Handler {
    /// Nothing is read yet but the atlas.
    pub fn new(
        transformation: Transformation,
        decoration: DecorateOptions,
        atlas: Arc<Atlas>,
        inventory: InventorySource,
        firehose: Client,
        function_name: String,
    ) -> Handler {
        let decorator = Decorator::new(decoration, Arc::new(Inventory::default()), atlas);
        let desk = Mutex::new(Desk { decorator, scratch: Scratch::default(), is_cold: true });
        Handler { transformation, inventory, firehose, function_name, desk }
    }

    /// Transforms an event, tells what came of it, and gives the response body.
    ///
    /// # Errors
    /// See [`HandleError`].
    pub async fn handle(&self, payload: &str, deadline: Instant) -> Result<Vec<u8>, HandleError> {
        let begin = Instant::now();
        let mut desk = self.desk.lock().await;
        let mut invocation = Invocation { cold_start: std::mem::take(&mut desk.is_cold), ..Invocation::default() };
        let handled = self.transform(payload, begin, deadline, &mut desk, &mut invocation).await;
        invocation.inventory = Some(self.inventory.state());
        invocation.milliseconds = begin.elapsed().as_secs_f64() * 1000.0;
        match &handled {
            Ok(body) => {
                invocation.response_bytes = body.len() as u64;
                log(&invocation);
            }
            Err(error) => {
                invocation.is_failed = true;
                tracing::error!(kind = error.kind(), %error, "the invocation failed");
            }
        }
        invocation.print(&self.function_name);
        handled
    }

    async fn transform(
        &self,
        payload: &str,
        begin: Instant,
        deadline: Instant,
        desk: &mut Desk,
        invocation: &mut Invocation,
    ) -> Result<Vec<u8>, HandleError> {
        let event = Event::read(payload)?;
        invocation.counts.records_in = event.records.len() as u64;
        // What is left after a tenth, or half a second, was set aside.
        let total = deadline.saturating_duration_since(begin);
        let reserve = (total / 10).max(LEAST_RESERVE).min(total / 2);
        let until = deadline.checked_sub(reserve).unwrap_or(deadline);

        let inventory = self.inventory.current(until).await?;
        desk.decorator.set_inventory(Arc::clone(&inventory));
        let mut transformed = self.transformation.transform(&event, &mut desk.decorator, &mut desk.scratch);
        if !transformed.unknown.is_empty() {
            let found = self.inventory.with_interfaces(&inventory, &transformed.unknown, until).await;
            if !Arc::ptr_eq(&found, &inventory) {
                // Nothing was put back or answered yet, so the pass can simply be done again.
                desk.decorator.set_inventory(found);
                transformed = self.transformation.transform(&event, &mut desk.decorator, &mut desk.scratch);
            }
        }
        invocation.unknown_interfaces = transformed.unknown.len() as u64;
        let put = match transformed.put_backs.is_empty() {
            true => Outcome::default(),
            false => put_back::put_back(&self.firehose, &event, &transformed.put_backs, until).await,
        };
        let (body, counts) = transformed.settle(&event, self.transformation.limit, &put);
        invocation.counts = counts;
        Ok(body)
    }
}

/// Counts and reasons; nothing of what the records say.
fn log(invocation: &Invocation) {
    let counts = &invocation.counts;
    if counts.failed > 0 || counts.put_back > 0 {
        tracing::info!(
            records_in = counts.records_in,
            decorated = counts.decorated,
            failed = counts.failed,
            put_back = counts.put_back,
            put_back_failed = counts.put_back_failed,
            reasons = ?counts.reasons,
            "not all records were decorated"
        );
    }
    let Some(inventory) = &invocation.inventory else { return };
    if let Some(error) = &inventory.last_error {
        tracing::warn!(age_seconds = inventory.age_seconds, stale = inventory.is_stale, %error, "the inventory is not as it should be");
    }
}
