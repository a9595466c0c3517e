//! Deliveries in SQLite. Only the first pending one of a lane is due, so that what is due is found without looking at what
//! waits behind it.

use super::SqliteJournal;
use super::append::{Writer, signed, unsigned};
use crate::delivery::{
    Again, Attempt, Attempted, Delivery, DeliveryLog, DeliveryPage, DeliveryStatus, Endpoint, EndpointHealth,
    LAST_ATTEMPTS, NewDelivery, Outcome, TriedDelivery,
};
use crate::envelope::{Stream, Version};
use crate::{Answer, JournalError};
use rusqlite::{Connection, Error, OptionalExtension as _, Row, Transaction, params};

const COLUMNS: &str = "company, endpoint, sequence, event, lane, form, body, status, due, tries, created";

const fn number_of(status: DeliveryStatus) -> i64 {
    match status {
        DeliveryStatus::Pending => 0,
        DeliveryStatus::Delivered => 1,
        DeliveryStatus::Failed => 2,
    }
}

fn status_of(number: i64) -> DeliveryStatus {
    match number {
        0 => DeliveryStatus::Pending,
        1 => DeliveryStatus::Delivered,
        _ => DeliveryStatus::Failed,
    }
}

fn delivery(row: &Row<'_>) -> Result<Delivery, Error> {
    Ok(Delivery {
        endpoint: Endpoint { stream: Stream(unsigned(row.get(0)?)), number: unsigned(row.get(1)?) },
        sequence: unsigned(row.get(2)?),
        event: Version(unsigned(row.get(3)?)),
        lane: row.get(4)?,
        form: row.get(5)?,
        body: row.get(6)?,
        status: status_of(row.get(7)?),
        due_ms: row.get(8)?,
        tries: row.get(9)?,
        created_ms: row.get(10)?,
    })
}

fn attempt(row: &Row<'_>) -> Result<Attempt, Error> {
    Ok(Attempt {
        time_ms: row.get(0)?,
        latency_ms: row.get(1)?,
        status: row.get(2)?,
        fault: row.get(3)?,
        answer: row.get(4)?,
    })
}

/// The numbers that name an endpoint in every table.
fn key(endpoint: Endpoint) -> (i64, i64) {
    (signed(endpoint.stream.0), signed(endpoint.number))
}

/// Stores deliveries; those of events that the endpoint was sent before are left out. Returns how many are new.
pub(super) fn enqueue(transaction: &Transaction<'_>, deliveries: &[NewDelivery]) -> Result<usize, Error> {
    let mut stored = 0;
    for new in deliveries {
        let (company, endpoint) = key(new.endpoint);
        let next: Option<i64> = transaction
            .prepare_cached("SELECT next_sequence FROM endpoints WHERE company = ? AND endpoint = ?")?
            .query_row(params![company, endpoint], |row| row.get(0))
            .optional()?;
        let sequence = next.unwrap_or(1);
        let inserted = transaction
            .prepare_cached(
                "INSERT INTO deliveries (company, endpoint, sequence, event, lane, form, status, due, tries, created, body) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, \
                 CASE WHEN EXISTS (SELECT 1 FROM deliveries WHERE company = ?1 AND endpoint = ?2 AND lane = ?5 \
                 AND status = 0) THEN NULL ELSE ?7 END, 0, ?7, ?8) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                company,
                endpoint,
                sequence,
                signed(new.event.0),
                new.lane,
                new.form,
                new.time_ms,
                new.body
            ])?;
        if inserted == 0 {
            continue;
        }
        stored += 1;
        transaction
            .prepare_cached(
                "INSERT INTO endpoints (company, endpoint, next_sequence) VALUES (?, ?, ?) \
                 ON CONFLICT DO UPDATE SET next_sequence = excluded.next_sequence",
            )?
            .execute(params![company, endpoint, sequence + 1])?;
    }
    Ok(stored)
}

/// Lets the first pending delivery of a lane be due, if none is.
fn release(transaction: &Transaction<'_>, endpoint: Endpoint, lane: &str, due_ms: i64) -> Result<(), Error> {
    let (company, endpoint) = key(endpoint);
    transaction
        .prepare_cached(
            "UPDATE deliveries SET due = ?4 WHERE id = (SELECT id FROM deliveries WHERE company = ?1 AND endpoint = ?2 \
             AND lane = ?3 AND status = 0 ORDER BY sequence LIMIT 1) AND due IS NULL",
        )?
        .execute(params![company, endpoint, lane, due_ms])?;
    Ok(())
}

fn record_one(transaction: &Transaction<'_>, attempted: &Attempted) -> Result<(), Error> {
    let (company, endpoint) = key(attempted.endpoint);
    let place = params![company, endpoint, signed(attempted.sequence)];
    let lane: Option<String> = transaction
        .prepare_cached(
            "SELECT lane FROM deliveries WHERE company = ? AND endpoint = ? AND sequence = ? AND status = 0",
        )?
        .query_row(place, |row| row.get(0))
        .optional()?;
    // The endpoint may be gone meanwhile, or its deliveries given up.
    let Some(lane) = lane else { return Ok(()) };
    let Attempt { time_ms, latency_ms, status, fault, answer } = &attempted.attempt;
    transaction
        .prepare_cached(
            "INSERT INTO attempts SELECT ?1, ?2, ?3, ifnull(max(number), 0) + 1, ?4, ?5, ?6, ?7, ?8 FROM attempts \
             WHERE company = ?1 AND endpoint = ?2 AND sequence = ?3",
        )?
        .execute(params![
            company,
            endpoint,
            signed(attempted.sequence),
            time_ms,
            latency_ms,
            status,
            fault,
            answer
        ])?;
    let (now, due) = match attempted.outcome {
        Outcome::Delivered => (DeliveryStatus::Delivered, None),
        Outcome::Retry { due_ms } => (DeliveryStatus::Pending, Some(due_ms)),
        Outcome::GivenUp => (DeliveryStatus::Failed, None),
    };
    // Another one of the lane may have become the first meanwhile, by being asked for again.
    transaction
        .prepare_cached(
            "UPDATE deliveries SET status = ?4, tries = tries + 1, due = CASE WHEN ?5 IS NULL OR EXISTS (SELECT 1 \
             FROM deliveries WHERE company = ?1 AND endpoint = ?2 AND lane = ?6 AND status = 0 AND sequence < ?3) \
             THEN NULL ELSE ?5 END WHERE company = ?1 AND endpoint = ?2 AND sequence = ?3",
        )?
        .execute(params![company, endpoint, signed(attempted.sequence), number_of(now), due, lane])?;
    if now != DeliveryStatus::Pending {
        release(transaction, attempted.endpoint, &lane, *time_ms)?;
    }
    let health = if now == DeliveryStatus::Delivered {
        "UPDATE endpoints SET failing_since = NULL, last_success = ?3 WHERE company = ?1 AND endpoint = ?2"
    } else {
        "UPDATE endpoints SET failing_since = ifnull(failing_since, ?3) WHERE company = ?1 AND endpoint = ?2"
    };
    transaction.prepare_cached(health)?.execute(params![company, endpoint, time_ms])?;
    Ok(())
}

/// How many deliveries are changed in one transaction: those who write wait for none of them long.
const STEP: usize = 1000;

/// Lets some deliveries be sent once more. Returns how many, which is fewer than a [`STEP`] when there are no more.
fn send_again(
    transaction: &Transaction<'_>,
    endpoint: Endpoint,
    again: Again,
    now_ms: i64,
) -> Result<usize, Error> {
    let (company, number) = key(endpoint);
    let (condition, bound) = match again {
        Again::One { sequence } => ("sequence = ?3", signed(sequence)),
        Again::FailedSince { time_ms } => ("status = 2 AND created >= ?3", time_ms),
    };
    let update = format!(
        "UPDATE deliveries SET status = 0, due = NULL, tries = 0 WHERE id IN (SELECT id FROM deliveries \
         WHERE company = ?1 AND endpoint = ?2 AND {condition} ORDER BY sequence LIMIT {STEP}) RETURNING lane"
    );
    let mut statement = transaction.prepare_cached(&update)?;
    let changed = statement.query_map(params![company, number, bound], |row| row.get(0))?;
    let mut lanes: Vec<String> = changed.collect::<Result<_, _>>()?;
    let count = lanes.len();
    lanes.sort();
    lanes.dedup();
    for lane in lanes {
        // What is first now may not be what was due before.
        transaction
            .prepare_cached(
                "UPDATE deliveries SET due = NULL WHERE company = ?1 AND endpoint = ?2 AND lane = ?3 AND due IS NOT NULL \
                 AND EXISTS (SELECT 1 FROM deliveries AS earlier WHERE earlier.company = ?1 AND earlier.endpoint = ?2 \
                 AND earlier.lane = ?3 AND earlier.status = 0 AND earlier.sequence < deliveries.sequence)",
            )?
            .execute(params![company, number, lane])?;
        release(transaction, endpoint, &lane, now_ms)?;
    }
    Ok(count)
}

impl Writer {
    pub(super) fn enqueue(&mut self, deliveries: &[NewDelivery]) -> Result<usize, JournalError> {
        Ok(self.transact(|transaction| enqueue(transaction, deliveries))?)
    }

    pub(super) fn record(&mut self, attempted: &[Attempted]) -> Result<(), JournalError> {
        self.transact(|transaction| attempted.iter().try_for_each(|one| record_one(transaction, one)))?;
        Ok(())
    }

    pub(super) fn send_again(
        &mut self,
        endpoint: Endpoint,
        again: Again,
        now_ms: i64,
    ) -> Result<usize, JournalError> {
        Ok(self.transact(|transaction| send_again(transaction, endpoint, again, now_ms))?)
    }

    /// Forgets some of what is known about an endpoint; whether there may be more.
    pub(super) fn forget_endpoint(&mut self, endpoint: Endpoint) -> Result<bool, JournalError> {
        let (company, endpoint) = key(endpoint);
        let place = params![company, endpoint];
        Ok(self.transact(|transaction| {
            let some = |table: &str, by: &str| {
                let delete = format!(
                    "DELETE FROM {table} WHERE {by} IN (SELECT {by} FROM {table} WHERE company = ?1 AND endpoint = ?2 \
                     LIMIT {STEP}) AND company = ?1 AND endpoint = ?2"
                );
                transaction.execute(&delete, place)
            };
            let gone = some("attempts", "sequence")? + some("deliveries", "sequence")?;
            if gone == 0 {
                transaction.execute("DELETE FROM endpoints WHERE company = ?1 AND endpoint = ?2", place)?;
            }
            Ok(gone > 0)
        })?)
    }

    /// In small parts, so that those who write wait for none of them long.
    pub(super) fn prune_deliveries(&mut self, before_ms: i64, limit: usize) -> Result<usize, JournalError> {
        Ok(self.transact(|transaction| {
            let mut statement = transaction.prepare_cached(
                "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE created < ? AND status <> 0 \
                 ORDER BY created LIMIT ?) RETURNING company, endpoint, sequence",
            )?;
            let gone: Vec<(i64, i64, i64)> = statement
                .query_map(params![before_ms, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })?
                .collect::<Result<_, _>>()?;
            for (company, endpoint, sequence) in &gone {
                transaction
                    .prepare_cached("DELETE FROM attempts WHERE company = ? AND endpoint = ? AND sequence = ?")?
                    .execute(params![company, endpoint, sequence])?;
            }
            Ok(gone.len())
        })?)
    }
}

pub(super) fn due(
    connection: &Connection,
    endpoint: Endpoint,
    now_ms: i64,
    limit: usize,
) -> Result<Vec<Delivery>, JournalError> {
    let (company, endpoint) = key(endpoint);
    let query = format!(
        "SELECT {COLUMNS} FROM deliveries WHERE company = ? AND endpoint = ? AND due <= ? ORDER BY due, id LIMIT ?"
    );
    let mut statement = connection.prepare_cached(&query)?;
    let rows = statement
        .query_map(params![company, endpoint, now_ms, i64::try_from(limit).unwrap_or(i64::MAX)], delivery)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn next_due(connection: &Connection, endpoint: Endpoint) -> Result<Option<i64>, JournalError> {
    let (company, endpoint) = key(endpoint);
    Ok(connection
        .prepare_cached(
            "SELECT min(due) FROM deliveries WHERE company = ? AND endpoint = ? AND due IS NOT NULL",
        )?
        .query_row(params![company, endpoint], |row| row.get(0))?)
}

pub(super) fn waiting(connection: &Connection) -> Result<Vec<Endpoint>, JournalError> {
    let mut statement = connection
        .prepare_cached("SELECT DISTINCT company, endpoint FROM deliveries WHERE due IS NOT NULL")?;
    let rows = statement.query_map([], |row| {
        Ok(Endpoint { stream: Stream(unsigned(row.get(0)?)), number: unsigned(row.get(1)?) })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn list(
    connection: &Connection,
    endpoint: Endpoint,
    page: DeliveryPage,
) -> Result<Vec<Delivery>, JournalError> {
    let (company, endpoint) = key(endpoint);
    let wanted = page.status.map(|status| format!("AND status = {}", number_of(status))).unwrap_or_default();
    let query = format!(
        "SELECT {COLUMNS} FROM deliveries WHERE company = ?1 AND endpoint = ?2 AND sequence < ?3 {wanted} \
         ORDER BY sequence DESC LIMIT ?4"
    );
    let limit = i64::try_from(page.limit).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(&query)?;
    let rows = statement.query_map(params![company, endpoint, signed(page.before), limit], delivery)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn one(
    connection: &Connection,
    endpoint: Endpoint,
    sequence: u64,
) -> Result<Option<TriedDelivery>, JournalError> {
    let (company, number) = key(endpoint);
    let place = params![company, number, signed(sequence)];
    let query =
        format!("SELECT {COLUMNS} FROM deliveries WHERE company = ? AND endpoint = ? AND sequence = ?");
    let found = connection.prepare_cached(&query)?.query_row(place, delivery).optional()?;
    let Some(found) = found else { return Ok(None) };
    let mut statement = connection.prepare_cached(
        "SELECT time, latency, status, fault, answer FROM attempts WHERE company = ? AND endpoint = ? AND sequence = ? \
         ORDER BY number",
    )?;
    let attempts = statement.query_map(place, attempt)?.collect::<Result<_, _>>()?;
    Ok(Some((found, attempts)))
}

pub(super) fn failing_since(
    connection: &Connection,
    endpoint: Endpoint,
) -> Result<Option<i64>, JournalError> {
    let (company, endpoint) = key(endpoint);
    let since = connection
        .prepare_cached("SELECT failing_since FROM endpoints WHERE company = ? AND endpoint = ?")?
        .query_row(params![company, endpoint], |row| row.get(0))
        .optional()?;
    Ok(since.flatten())
}

pub(super) fn health(connection: &Connection, endpoint: Endpoint) -> Result<EndpointHealth, JournalError> {
    let (company, number) = key(endpoint);
    let place = params![company, number];
    let times = connection
        .prepare_cached(
            "SELECT failing_since, last_success FROM endpoints WHERE company = ? AND endpoint = ?",
        )?
        .query_row(place, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (failing_since_ms, last_success_ms) = times.unwrap_or_default();
    let count = |status: DeliveryStatus| -> Result<u64, Error> {
        let query = format!(
            "SELECT count(*) FROM deliveries WHERE company = ? AND endpoint = ? AND status = {}",
            number_of(status)
        );
        connection.prepare_cached(&query)?.query_row(place, |row| Ok(unsigned(row.get(0)?)))
    };
    let mut statement = connection.prepare_cached(
        "SELECT time, latency, status, fault, answer FROM attempts WHERE company = ? AND endpoint = ? \
         ORDER BY time DESC, sequence DESC, number DESC LIMIT ?",
    )?;
    let last = statement
        .query_map(params![company, number, i64::try_from(LAST_ATTEMPTS).unwrap_or(i64::MAX)], attempt)?;
    Ok(EndpointHealth {
        pending: count(DeliveryStatus::Pending)?,
        failed: count(DeliveryStatus::Failed)?,
        failing_since_ms,
        last_success_ms,
        last_attempts: last.collect::<Result<_, _>>()?,
    })
}

impl DeliveryLog for SqliteJournal {
    fn enqueue(&self, deliveries: Vec<NewDelivery>) -> Answer<'_, Result<usize, JournalError>> {
        self.write_later(move |writer| writer.enqueue(&deliveries))
    }

    fn due_deliveries(
        &self,
        endpoint: Endpoint,
        now_ms: i64,
        limit: usize,
    ) -> Answer<'_, Result<Vec<Delivery>, JournalError>> {
        self.readers.later(move |connection| due(connection, endpoint, now_ms, limit))
    }

    fn next_delivery(&self, endpoint: Endpoint) -> Answer<'_, Result<Option<i64>, JournalError>> {
        self.readers.later(move |connection| next_due(connection, endpoint))
    }

    fn waiting_endpoints(&self) -> Answer<'_, Result<Vec<Endpoint>, JournalError>> {
        self.readers.later(waiting)
    }

    fn record_attempts(&self, attempted: Vec<Attempted>) -> Answer<'_, Result<(), JournalError>> {
        self.write_later(move |writer| writer.record(&attempted))
    }

    fn send_again(
        &self,
        endpoint: Endpoint,
        again: Again,
        now_ms: i64,
    ) -> Answer<'_, Result<u64, JournalError>> {
        Box::pin(async move {
            let mut count = 0;
            loop {
                let step = self.write_later(move |writer| writer.send_again(endpoint, again, now_ms)).await?;
                count += step as u64;
                if step < STEP {
                    return Ok(count);
                }
            }
        })
    }

    fn forget_endpoint(&self, endpoint: Endpoint) -> Answer<'_, Result<(), JournalError>> {
        Box::pin(async move {
            while self.write_later(move |writer| writer.forget_endpoint(endpoint)).await? {}
            Ok(())
        })
    }

    fn prune_deliveries(&self, before_ms: i64, limit: usize) -> Answer<'_, Result<usize, JournalError>> {
        self.write_later(move |writer| writer.prune_deliveries(before_ms, limit))
    }

    fn deliveries(
        &self,
        endpoint: Endpoint,
        page: DeliveryPage,
    ) -> Answer<'_, Result<Vec<Delivery>, JournalError>> {
        self.readers.later(move |connection| list(connection, endpoint, page))
    }

    fn delivery(
        &self,
        endpoint: Endpoint,
        sequence: u64,
    ) -> Answer<'_, Result<Option<TriedDelivery>, JournalError>> {
        self.readers.later(move |connection| one(connection, endpoint, sequence))
    }

    fn failing_since(&self, endpoint: Endpoint) -> Answer<'_, Result<Option<i64>, JournalError>> {
        self.readers.later(move |connection| failing_since(connection, endpoint))
    }

    fn endpoint_health(&self, endpoint: Endpoint) -> Answer<'_, Result<EndpointHealth, JournalError>> {
        self.readers.later(move |connection| health(connection, endpoint))
    }
}
