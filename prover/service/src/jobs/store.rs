//! Jobs and bundle folders on disk (redb). Each method is one transaction, durable when it returns.
//!
//! Tables: `jobs` (key → record), `pending` (sequence → key of each unfinished job), `finished`
//! (time and key of each finished one), `models` (verifying key → bundle folder), `meta`.
//! All methods block.

use super::{JobRecord, JobRecordV1, Status};
use codec::{DecodeAll, Encode};
use inference_primitives::{VkHash, WorkloadId};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use std::path::{Path, PathBuf};

/// Version of the tables and of [`JobRecord`]'s encoding.
pub const SCHEMA_VERSION: u64 = 2;
/// Memory for pages of the database, bytes: records of a few kilobytes, a few thousand of them.
const CACHE_BYTES: usize = 32 * 1024 * 1024;

const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
const JOBS: TableDefinition<&[u8; 32], &[u8]> = TableDefinition::new("jobs");
const PENDING: TableDefinition<u64, &[u8; 32]> = TableDefinition::new("pending");
const FINISHED: TableDefinition<(u64, &[u8; 32]), ()> = TableDefinition::new("finished");
const MODELS: TableDefinition<&[u8; 32], &str> = TableDefinition::new("models");

/// A job store that failed.
#[derive(Debug, thiserror::Error)]
pub enum JobStoreError {
	/// Another process has the store open.
	#[error("{} is in use by another process; stop it, or give this one its own --data", .0.display())]
	InUse(PathBuf),
	/// The database failed.
	#[error(transparent)]
	Database(Box<redb::Error>),
	/// The store was written by another version of the service.
	#[error("schema version {got} is not supported, expected {SCHEMA_VERSION}; use the version of the service that wrote it")]
	Schema {
		/// Version found.
		got: u64,
	},
	/// A record cannot be decoded.
	#[error("the record of job {key} is damaged: {source}")]
	Damaged {
		/// The job.
		key: WorkloadId,
		/// Why.
		source: codec::Error,
	},
	/// The order of unfinished jobs names one that is not there.
	#[error("job {key} is listed as unfinished, but has no record")]
	Dangling {
		/// The job.
		key: WorkloadId,
	},
}

impl<E: Into<redb::Error>> From<E> for JobStoreError {
	fn from(error: E) -> Self {
		Self::Database(Box::new(error.into()))
	}
}

/// The store.
pub struct JobStore {
	database: Database,
}

impl JobStore {
	/// Opens the store in file `path`, which is created if need be.
	pub fn open(path: &Path) -> Result<Self, JobStoreError> {
		let database = match Database::builder().set_cache_size(CACHE_BYTES).create(path) {
			Err(redb::DatabaseError::DatabaseAlreadyOpen) => {
				return Err(JobStoreError::InUse(path.to_path_buf()));
			},
			opened => opened?,
		};
		let transaction = database.begin_write()?;
		{
			let mut meta = transaction.open_table(META)?;
			let found = meta.get("schema")?.map(|version| version.value());
			match found {
				None => {
					meta.insert("schema", SCHEMA_VERSION)?;
				},
				Some(SCHEMA_VERSION) => {},
				Some(1) => {
					migrate_from_v1(&transaction)?;
					meta.insert("schema", SCHEMA_VERSION)?;
				},
				Some(got) => return Err(JobStoreError::Schema { got }),
			}
			transaction.open_table(JOBS)?;
			transaction.open_table(PENDING)?;
			transaction.open_table(FINISHED)?;
			transaction.open_table(MODELS)?;
		}
		transaction.commit()?;
		Ok(Self { database })
	}

	/// The job with this key.
	pub fn job(&self, key: &WorkloadId) -> Result<Option<JobRecord>, JobStoreError> {
		let jobs = self.database.begin_read()?.open_table(JOBS)?;
		let record = jobs.get(&key.0)?;
		record.map(|bytes| decode(key, bytes.value())).transpose()
	}

	/// The unfinished jobs, in order of arrival.
	pub fn unfinished(&self) -> Result<Vec<JobRecord>, JobStoreError> {
		let transaction = self.database.begin_read()?;
		let jobs = transaction.open_table(JOBS)?;
		let mut records = Vec::new();
		for entry in transaction.open_table(PENDING)?.iter()? {
			let key = WorkloadId(*entry?.1.value());
			let record = jobs.get(&key.0)?.ok_or(JobStoreError::Dangling { key })?;
			records.push(decode(&key, record.value())?);
		}
		Ok(records)
	}

	/// At most `limit` jobs that were finished before `before_ms`, oldest first, but for proofs whose deadline
	/// is not past at `now_ms`: they may not have been fetched yet.
	pub fn finished_before(
		&self,
		before_ms: u64,
		now_ms: u64,
		limit: usize,
	) -> Result<Vec<JobRecord>, JobStoreError> {
		let transaction = self.database.begin_read()?;
		let jobs = transaction.open_table(JOBS)?;
		let finished = transaction.open_table(FINISHED)?;
		let mut records = Vec::new();
		for entry in finished.range(..(before_ms, &[0; 32]))? {
			if records.len() >= limit {
				break;
			}
			let key = WorkloadId(*entry?.0.value().1);
			let record = jobs.get(&key.0)?.ok_or(JobStoreError::Dangling { key })?;
			let record = decode(&key, record.value())?;
			let is_proven = matches!(record.status, Status::Proven { .. });
			if !is_proven || record.deadline_ms.is_none_or(|deadline| deadline < now_ms) {
				records.push(record);
			}
		}
		Ok(records)
	}

	/// Writes a job; `previous` is what was stored of it before.
	pub fn save(
		&self,
		record: &JobRecord,
		previous: Option<&JobRecord>,
	) -> Result<(), JobStoreError> {
		let key = record.key().0;
		let transaction = self.database.begin_write()?;
		if let Some(previous) = previous {
			unlist(&transaction, previous)?;
		}
		transaction
			.open_table(JOBS)?
			.insert(&key, record.encode().as_slice())?;
		match record.finished_ms {
			Some(finished_ms) => {
				transaction
					.open_table(FINISHED)?
					.insert((finished_ms, &key), ())?;
			},
			None => {
				transaction
					.open_table(PENDING)?
					.insert(record.sequence, &key)?;
			},
		}
		transaction.commit()?;
		Ok(())
	}

	/// Forgets a job.
	pub fn remove(&self, record: &JobRecord) -> Result<(), JobStoreError> {
		let transaction = self.database.begin_write()?;
		unlist(&transaction, record)?;
		transaction.open_table(JOBS)?.remove(&record.key().0)?;
		transaction.commit()?;
		Ok(())
	}

	/// Remembers where a model's bundle lies.
	pub fn save_model(&self, vk_hash: &VkHash, dir: &str) -> Result<(), JobStoreError> {
		let transaction = self.database.begin_write()?;
		transaction.open_table(MODELS)?.insert(&vk_hash.0, dir)?;
		transaction.commit()?;
		Ok(())
	}

	/// Forgets where a model's bundle lies.
	pub fn forget_model(&self, vk_hash: &VkHash) -> Result<(), JobStoreError> {
		let transaction = self.database.begin_write()?;
		transaction.open_table(MODELS)?.remove(&vk_hash.0)?;
		transaction.commit()?;
		Ok(())
	}

	/// The remembered models and their bundle folders.
	pub fn models(&self) -> Result<Vec<(VkHash, PathBuf)>, JobStoreError> {
		let models = self.database.begin_read()?.open_table(MODELS)?;
		let mut found = Vec::new();
		for entry in models.iter()? {
			let (vk_hash, dir) = entry?;
			found.push((VkHash(*vk_hash.value()), PathBuf::from(dir.value())));
		}
		Ok(found)
	}
}

/// Gives every record the fields that version 2 added.
fn migrate_from_v1(transaction: &WriteTransaction) -> Result<(), JobStoreError> {
	let mut jobs = transaction.open_table(JOBS)?;
	let mut migrated = Vec::new();
	for entry in jobs.iter()? {
		let (key, bytes) = entry?;
		let key = *key.value();
		let old = JobRecordV1::decode_all(&mut bytes.value()).map_err(|source| {
			JobStoreError::Damaged {
				key: WorkloadId(key),
				source,
			}
		})?;
		migrated.push((key, JobRecord::from(old).encode()));
	}
	for (key, bytes) in migrated {
		jobs.insert(&key, bytes.as_slice())?;
	}
	Ok(())
}

fn unlist(transaction: &WriteTransaction, record: &JobRecord) -> Result<(), JobStoreError> {
	match record.finished_ms {
		Some(finished_ms) => {
			transaction
				.open_table(FINISHED)?
				.remove((finished_ms, &record.key().0))?;
		},
		None => {
			transaction.open_table(PENDING)?.remove(record.sequence)?;
		},
	}
	Ok(())
}

fn decode(key: &WorkloadId, mut bytes: &[u8]) -> Result<JobRecord, JobStoreError> {
	JobRecord::decode_all(&mut bytes).map_err(|source| JobStoreError::Damaged { key: *key, source })
}

#[cfg(test)]
mod tests {
	use super::*;
	use inference_primitives::{
		Destination, GenesisHash, ModelId, ModelRef, StatementHeader, STATEMENT_VERSION,
	};

	#[test]
	fn open_should_take_over_the_jobs_of_schema_version_1() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().join("jobs.redb");
		let key = WorkloadId([7; 32]);
		let old = JobRecordV1 {
			header: StatementHeader {
				genesis: GenesisHash([1; 32]),
				domain: 0,
				version: STATEMENT_VERSION,
				vk_hash: VkHash([2; 32]),
				model: ModelRef {
					model: ModelId(3),
					version: 1,
				},
				workload: key,
				destination: Destination::Local,
			},
			input: vec![1, 2],
			output: vec![3],
			sequence: 5,
			attempts: 2,
			accepted_ms: 9,
			finished_ms: None,
			status: Status::Queued,
		};
		{
			let database = Database::create(&path).unwrap();
			let transaction = database.begin_write().unwrap();
			transaction
				.open_table(META)
				.unwrap()
				.insert("schema", 1)
				.unwrap();
			transaction
				.open_table(JOBS)
				.unwrap()
				.insert(&key.0, old.encode().as_slice())
				.unwrap();
			transaction
				.open_table(PENDING)
				.unwrap()
				.insert(5, &key.0)
				.unwrap();
			transaction.commit().unwrap();
		}
		for _ in 0..2 {
			let jobs = JobStore::open(&path).unwrap().unfinished().unwrap();
			assert_eq!(jobs.len(), 1);
			assert_eq!(
				(jobs[0].key(), jobs[0].attempts, jobs[0].deadline_ms),
				(key, 2, None)
			);
		}
	}
}
