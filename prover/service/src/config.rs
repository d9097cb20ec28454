//! Configuration: flag, else environment variable, else file (`--config`, JSON), else default.
//! Checked once, at start, and printed by `--print-config`.

use crate::engine::{memory, EngineConfig};
use clap::Parser;
use inference_primitives::{hashing::blake2_256, Hash};
use serde::{Deserialize, Serialize};
use std::{
	fmt, fs,
	net::SocketAddr,
	path::{Path, PathBuf},
	time::Duration,
};

/// Fewest characters of a bearer token: 128 bits of hex.
pub const MIN_TOKEN_CHARS: usize = 32;

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
	/// The configuration file cannot be read.
	#[error("configuration file {}: {source}", path.display())]
	Unreadable {
		/// The file.
		path: PathBuf,
		/// Why.
		source: std::io::Error,
	},
	/// The configuration file is not JSON of the expected form.
	#[error("configuration file {}: {source}", path.display())]
	Malformed {
		/// The file.
		path: PathBuf,
		/// Why.
		source: serde_json::Error,
	},
	/// Anyone who reaches the address could use the service.
	#[error(
		"refusing to listen on {listen}, which is not a loopback address, without authentication: \
		 give --bearer-token-file FILE (for example made by `openssl rand -hex 32 > FILE`), or \
		 listen on 127.0.0.1"
	)]
	TokenRequired {
		/// The address.
		listen: SocketAddr,
	},
	/// The token file cannot be read.
	#[error("bearer token file {}: {source}", path.display())]
	TokenUnreadable {
		/// The file.
		path: PathBuf,
		/// Why.
		source: std::io::Error,
	},
	/// The token is too weak or cannot be sent in a header.
	#[error(
		"bearer token file {}: expected one line of at least {MIN_TOKEN_CHARS} visible ASCII \
		 characters, got {got}; make one with `openssl rand -hex 32`",
		path.display()
	)]
	BadToken {
		/// The file.
		path: PathBuf,
		/// What was found.
		got: &'static str,
	},
	/// Both tokens are one, so that one would be as good as the other.
	#[error(
		"--admin-token-file {} holds the token of --bearer-token-file: make another with \
		 `openssl rand -hex 32`",
		path.display()
	)]
	SameTokens {
		/// The administrator's file.
		path: PathBuf,
	},
	/// The scratch folder cannot be used.
	#[error("scratch folder {}: {reason}", path.display())]
	Scratch {
		/// The folder.
		path: PathBuf,
		/// Why.
		reason: String,
	},
	/// A number that must not be zero.
	#[error("--{option} must be at least 1, got 0")]
	Zero {
		/// The option.
		option: &'static str,
	},
}

/// Executes models and proves the executions, over JSON-RPC.
///
/// Each option can also be given in the environment or in the configuration file (JSON, with
/// underscores for hyphens); a flag wins over the environment, and the environment over the file.
#[derive(Clone, Debug, Default, Parser)]
#[command(name = "inference-prover", version)]
pub struct Cli {
	/// Configuration file.
	#[arg(long, env = "INFERENCE_PROVER_CONFIG", value_name = "FILE")]
	pub config: Option<PathBuf>,
	/// The options.
	#[command(flatten)]
	pub options: Options,
	/// Prints the configuration in force as JSON, and exits.
	#[arg(long)]
	pub print_config: bool,
}

/// The options, each as given or not.
#[derive(Clone, Debug, Default, Deserialize, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
	/// Address to listen on [default: 127.0.0.1:9955].
	#[arg(long, env = "INFERENCE_PROVER_LISTEN", value_name = "ADDRESS")]
	pub listen: Option<SocketAddr>,
	/// Folder of jobs and proofs; one process owns it [default: inference-prover-data].
	#[arg(long, env = "INFERENCE_PROVER_DATA", value_name = "DIR")]
	pub data: Option<PathBuf>,
	/// Bundle directory to load at start. One that does not load is named in log and health report, and the
	/// others are served. Repeatable; separated by commas in the environment.
	#[arg(
		long = "bundle",
		env = "INFERENCE_PROVER_BUNDLES",
		value_name = "DIR",
		value_delimiter = ','
	)]
	pub bundles: Option<Vec<PathBuf>>,
	/// File with the powers of a trusted setup: Powers of Tau of snarkjs (.ptau) or parameters of halo2 (ParamsKZG).
	/// Bundles for other setups than the insecure development one need theirs. Repeatable; separated by commas in
	/// the environment.
	#[arg(
		long = "setup",
		env = "INFERENCE_PROVER_SETUPS",
		value_name = "FILE",
		value_delimiter = ','
	)]
	pub setups: Option<Vec<PathBuf>>,
	/// Folder, on a disk, for temporary files with the polynomials of proving keys, which each proof
	/// reads: 32 bytes times rows times columns of each model, for each worker anew. They are in memory without it.
	#[arg(long, env = "INFERENCE_PROVER_SCRATCH", value_name = "DIR")]
	pub scratch: Option<PathBuf>,
	/// Most jobs that wait; of more, only the outputs are computed [default: 10000]. A node's work is at
	/// most its pledged capacity times the chain's bound on what is owed (1,200).
	#[arg(long, env = "INFERENCE_PROVER_MAX_QUEUED_JOBS", value_name = "N")]
	pub max_queued_jobs: Option<u32>,
	/// Time after which a proof counts as overdue, seconds [default: 1800]. One that announces steps is
	/// waited for; one that announced none for so long hangs, and is stopped and tried again.
	#[arg(
		long,
		env = "INFERENCE_PROVER_JOB_TIMEOUT_SECONDS",
		value_name = "SECONDS"
	)]
	pub job_timeout_seconds: Option<u32>,
	/// Proofs made at the same time, each in a process of its own that uses all cores [default: 1].
	#[arg(long, env = "INFERENCE_PROVER_WORKERS", value_name = "N")]
	pub workers: Option<u32>,
	/// File with the token that requests must carry as `Authorization: Bearer TOKEN`. Required
	/// when listening on another address than loopback.
	#[arg(long, env = "INFERENCE_PROVER_BEARER_TOKEN_FILE", value_name = "FILE")]
	pub bearer_token_file: Option<PathBuf>,
	/// File with a second token, without which no model is loaded or unloaded by a request. Whoever has only
	/// the other submits, reads, retries and cancels jobs.
	#[arg(long, env = "INFERENCE_PROVER_ADMIN_TOKEN_FILE", value_name = "FILE")]
	pub admin_token_file: Option<PathBuf>,
	/// Most connections at the same time [default: 128].
	#[arg(long, env = "INFERENCE_PROVER_MAX_CONNECTIONS", value_name = "N")]
	pub max_connections: Option<u32>,
	/// How long finished jobs and their proofs are kept, seconds [default: 1209600, 14 days]. A proof is
	/// kept until its deadline in any case. A job that still waits so long after its deadline, a day at
	/// least, is cancelled.
	#[arg(
		long,
		env = "INFERENCE_PROVER_RETENTION_SECONDS",
		value_name = "SECONDS"
	)]
	pub retention_seconds: Option<u64>,
	/// How long running proofs may take to end after SIGTERM or SIGINT, seconds [default: 60]. What does
	/// not end is proven again after the next start. The service executes meanwhile, but takes no jobs:
	/// keep it below half of the time in which the chain expects outputs.
	#[arg(
		long,
		env = "INFERENCE_PROVER_DRAIN_TIMEOUT_SECONDS",
		value_name = "SECONDS"
	)]
	pub drain_timeout_seconds: Option<u32>,
	/// Load bundles without comparing their keys with their models, if that was not done before. It is done
	/// once for each bundle, takes some times as long as a proof, and is what keeps a creator from selling a
	/// model whose outputs cannot all be proven: workers refuse models that were not compared.
	#[arg(
		long,
		env = "INFERENCE_PROVER_SKIP_MODEL_CHECK",
		value_name = "BOOL",
		num_args = 0..=1,
		default_missing_value = "true"
	)]
	pub skip_model_check: Option<bool>,
	/// Memory for models, MiB, of the service (graphs) and of each engine process (proving keys); zero for no
	/// bound in the service, and in an engine process half of its bound (--engine-memory-mib), or of the share
	/// that it would have. Where a process has a bound, half of it is the most [default: 0]. Beyond it, those that were not used for longest are put out of memory, and loaded again when
	/// they are needed.
	#[arg(long, env = "INFERENCE_PROVER_MODEL_MEMORY_MIB", value_name = "MIB")]
	pub model_memory_mib: Option<u32>,
	/// Most memory of an engine process, MiB; zero for no bound [default: none with one worker; with several the
	/// machine's, or what its control group leaves, divided by one more than them]. A proof that needs more fails,
	/// and takes nothing else with it.
	#[arg(long, env = "INFERENCE_PROVER_ENGINE_MEMORY_MIB", value_name = "MIB")]
	pub engine_memory_mib: Option<u32>,
	/// Free space on the disk of the data folder below which no job is taken and no bundle loaded, and on that of
	/// the scratch folder below which no bundle is loaded, MiB; zero for no bound [default: 256].
	#[arg(long, env = "INFERENCE_PROVER_MIN_FREE_DISK_MIB", value_name = "MIB")]
	pub min_free_disk_mib: Option<u32>,
}

/// The configuration in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Config {
	/// Address to listen on.
	pub listen: SocketAddr,
	/// Folder of jobs and proofs.
	pub data: PathBuf,
	/// Bundle directories to load at start.
	pub bundles: Vec<PathBuf>,
	/// Files with the powers of trusted setups.
	pub setups: Vec<PathBuf>,
	/// Folder for the polynomials of proving keys, which are in memory without it.
	pub scratch: Option<PathBuf>,
	/// Most jobs that wait.
	pub max_queued_jobs: u32,
	/// Time after which a proof counts as overdue, or hangs if it announced no step, seconds.
	pub job_timeout_seconds: u32,
	/// Proofs made at the same time.
	pub workers: u32,
	/// File with the bearer token.
	pub bearer_token_file: Option<PathBuf>,
	/// File with the administrator's token.
	pub admin_token_file: Option<PathBuf>,
	/// Most connections at the same time.
	pub max_connections: u32,
	/// How long finished jobs are kept, seconds.
	pub retention_seconds: u64,
	/// How long running proofs may take to end when draining, seconds.
	pub drain_timeout_seconds: u32,
	/// Whether bundles are loaded without comparing their keys with their models.
	pub skip_model_check: bool,
	/// Memory for models, MiB; zero for no bound.
	pub model_memory_mib: u32,
	/// Most memory of an engine process, MiB; zero for no bound. If absent none for one worker, the
	/// machine's share for one of several.
	pub engine_memory_mib: Option<u32>,
	/// Free space below which nothing is taken, MiB; zero for no bound.
	pub min_free_disk_mib: u32,
}

impl Default for Config {
	fn default() -> Self {
		Self {
			listen: SocketAddr::from(([127, 0, 0, 1], 9955)),
			data: PathBuf::from("inference-prover-data"),
			bundles: Vec::new(),
			setups: Vec::new(),
			scratch: None,
			max_queued_jobs: 10_000,
			job_timeout_seconds: 1800,
			workers: 1,
			bearer_token_file: None,
			admin_token_file: None,
			max_connections: 128,
			retention_seconds: 14 * 24 * 60 * 60,
			drain_timeout_seconds: 60,
			skip_model_check: false,
			model_memory_mib: 0,
			engine_memory_mib: None,
			min_free_disk_mib: 256,
		}
	}
}

impl Cli {
	/// The configuration that flags, environment, file and defaults give.
	pub fn resolve(self) -> Result<Config, ConfigError> {
		let file = match &self.config {
			Some(path) => read_file(path)?,
			None => Options::default(),
		};
		Ok(Config::from_options(self.options, file))
	}
}

impl Config {
	fn from_options(first: Options, second: Options) -> Self {
		let default = Self::default();
		Self {
			listen: first.listen.or(second.listen).unwrap_or(default.listen),
			data: first.data.or(second.data).unwrap_or(default.data),
			bundles: first.bundles.or(second.bundles).unwrap_or(default.bundles),
			setups: first.setups.or(second.setups).unwrap_or(default.setups),
			scratch: first.scratch.or(second.scratch),
			max_queued_jobs: first
				.max_queued_jobs
				.or(second.max_queued_jobs)
				.unwrap_or(default.max_queued_jobs),
			job_timeout_seconds: first
				.job_timeout_seconds
				.or(second.job_timeout_seconds)
				.unwrap_or(default.job_timeout_seconds),
			workers: first.workers.or(second.workers).unwrap_or(default.workers),
			bearer_token_file: first.bearer_token_file.or(second.bearer_token_file),
			admin_token_file: first.admin_token_file.or(second.admin_token_file),
			max_connections: first
				.max_connections
				.or(second.max_connections)
				.unwrap_or(default.max_connections),
			retention_seconds: first
				.retention_seconds
				.or(second.retention_seconds)
				.unwrap_or(default.retention_seconds),
			drain_timeout_seconds: first
				.drain_timeout_seconds
				.or(second.drain_timeout_seconds)
				.unwrap_or(default.drain_timeout_seconds),
			skip_model_check: first
				.skip_model_check
				.or(second.skip_model_check)
				.unwrap_or(default.skip_model_check),
			model_memory_mib: first
				.model_memory_mib
				.or(second.model_memory_mib)
				.unwrap_or(default.model_memory_mib),
			engine_memory_mib: first.engine_memory_mib.or(second.engine_memory_mib),
			min_free_disk_mib: first
				.min_free_disk_mib
				.or(second.min_free_disk_mib)
				.unwrap_or(default.min_free_disk_mib),
		}
	}

	/// Checks the configuration and reads the token that every request must carry.
	pub fn check(&self) -> Result<Option<BearerToken>, ConfigError> {
		for (option, value) in [
			("max-queued-jobs", self.max_queued_jobs),
			("job-timeout-seconds", self.job_timeout_seconds),
			("workers", self.workers),
			("max-connections", self.max_connections),
		] {
			if value == 0 {
				return Err(ConfigError::Zero { option });
			}
		}
		if let Some(path) = &self.scratch {
			let unusable = |reason: String| ConfigError::Scratch {
				path: path.clone(),
				reason,
			};
			let found = fs::metadata(path).map_err(|error| unusable(error.to_string()))?;
			if !found.is_dir() {
				return Err(unusable("expected a folder".into()));
			}
		}
		let token = self
			.bearer_token_file
			.as_deref()
			.map(BearerToken::read)
			.transpose()?;
		if token.is_none() && !self.listen.ip().is_loopback() {
			return Err(ConfigError::TokenRequired {
				listen: self.listen,
			});
		}
		let admin = self.admin_token()?;
		if let Some(path) = self.admin_token_file.clone() {
			if token.is_some() && token == admin {
				return Err(ConfigError::SameTokens { path });
			}
		}
		Ok(token)
	}

	/// Reads the token that loading and unloading models takes.
	pub fn admin_token(&self) -> Result<Option<BearerToken>, ConfigError> {
		let file = self.admin_token_file.as_deref();
		file.map(BearerToken::read).transpose()
	}

	/// What engine processes are told.
	pub fn engine(&self) -> EngineConfig {
		let memory_bytes = match self.engine_memory_mib {
			Some(mib) => u64::from(mib) << 20,
			None => memory::share(self.workers),
		};
		let model_bytes = match (self.model_memory_bytes(), memory_bytes) {
			(0, 0) => memory::of_models(self.workers),
			(0, bound) => bound / 2,
			(given, 0) => given,
			// The other half is for the model that is proven.
			(given, bound) => given.min(bound / 2),
		};
		EngineConfig {
			scratch: self.scratch.clone(),
			checks: self.checks(),
			setups: self.setups.clone(),
			skip_check: self.skip_model_check,
			memory_bytes,
			model_bytes,
		}
	}

	/// Free space below which nothing is taken, bytes; zero for no bound.
	pub fn min_free_disk_bytes(&self) -> u64 {
		u64::from(self.min_free_disk_mib) << 20
	}

	/// Folder of the records of which bundles were checked.
	pub fn checks(&self) -> PathBuf {
		self.data.join("checks")
	}

	/// Memory for models, bytes; zero for no bound.
	pub fn model_memory_bytes(&self) -> u64 {
		u64::from(self.model_memory_mib) << 20
	}

	/// Wall time after which a proof counts as overdue.
	pub fn job_timeout(&self) -> Duration {
		Duration::from_secs(self.job_timeout_seconds.into())
	}

	/// How long running proofs may take to end when draining.
	pub fn drain_timeout(&self) -> Duration {
		Duration::from_secs(self.drain_timeout_seconds.into())
	}
}

/// The token that requests must carry. Only its hash is kept, and comparing hashes tells nothing
/// about the token by its timing.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerToken(Hash);

impl BearerToken {
	/// Reads the first line of `path`, which must be the only one.
	pub fn read(path: &Path) -> Result<Self, ConfigError> {
		let text = fs::read_to_string(path).map_err(|source| ConfigError::TokenUnreadable {
			path: path.to_path_buf(),
			source,
		})?;
		let bad = |got| ConfigError::BadToken {
			path: path.to_path_buf(),
			got,
		};
		let token = text.trim_end_matches(['\r', '\n']);
		if token.is_empty() {
			return Err(bad("an empty file"));
		}
		if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
			return Err(bad("other characters"));
		}
		if token.len() < MIN_TOKEN_CHARS {
			return Err(bad("fewer"));
		}
		Ok(Self(blake2_256(token.as_bytes())))
	}

	/// Whether `given` is the token.
	pub fn matches(&self, given: &[u8]) -> bool {
		blake2_256(given) == self.0
	}
}

impl fmt::Debug for BearerToken {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str("BearerToken(…)")
	}
}

fn read_file(path: &Path) -> Result<Options, ConfigError> {
	let text = fs::read_to_string(path).map_err(|source| ConfigError::Unreadable {
		path: path.to_path_buf(),
		source,
	})?;
	serde_json::from_str(&text).map_err(|source| ConfigError::Malformed {
		path: path.to_path_buf(),
		source,
	})
}

#[cfg(test)]
mod tests {
	use super::*;

	fn resolve(arguments: &[&str]) -> Result<Config, ConfigError> {
		Cli::try_parse_from([&["inference-prover"], arguments].concat())
			.unwrap()
			.resolve()
	}

	fn file(text: &str) -> tempfile::NamedTempFile {
		let file = tempfile::NamedTempFile::new().unwrap();
		fs::write(file.path(), text).unwrap();
		file
	}

	#[test]
	fn resolve_should_prefer_flags_to_the_file_and_the_file_to_defaults() {
		let file = file(r#"{"workers": 3, "max_queued_jobs": 7, "bundles": ["a"]}"#);
		let path = file.path().to_str().unwrap();
		let config = resolve(&["--config", path, "--workers", "2", "--data", "d"]).unwrap();
		assert_eq!(
			config,
			Config {
				workers: 2,
				max_queued_jobs: 7,
				bundles: vec!["a".into()],
				data: "d".into(),
				..Config::default()
			}
		);
		let config = resolve(&["--bundle", "b", "--bundle", "c"]).unwrap();
		assert_eq!(config.bundles, [PathBuf::from("b"), PathBuf::from("c")]);
	}

	#[test]
	fn resolve_should_fail_when_the_file_has_an_unknown_option() {
		let file = file(r#"{"worker": 3}"#);
		let error = resolve(&["--config", file.path().to_str().unwrap()]).unwrap_err();
		assert!(matches!(error, ConfigError::Malformed { .. }));
		assert!(error.to_string().contains("worker"), "{error}");
	}

	#[test]
	fn check_should_require_a_token_when_listening_beyond_loopback() {
		let listen = SocketAddr::from(([0, 0, 0, 0], 9955));
		let config = Config {
			listen,
			..Config::default()
		};
		assert!(matches!(
			config.check(),
			Err(ConfigError::TokenRequired { .. })
		));
		let token = "0123456789abcdef0123456789abcdef";
		let file = file(&format!("{token}\n"));
		let config = Config {
			bearer_token_file: Some(file.path().into()),
			..config
		};
		let read = config.check().unwrap().unwrap();
		assert!(read.matches(token.as_bytes()) && !read.matches(b"guess"));
	}

	#[test]
	fn check_should_require_a_folder_when_scratch_is_given() {
		let folder = tempfile::tempdir().unwrap();
		let path = folder.path().to_str().unwrap();
		let given = file(&serde_json::json!({ "scratch": path }).to_string());
		let config = resolve(&["--config", given.path().to_str().unwrap()]).unwrap();
		assert_eq!(config.scratch.as_deref(), Some(folder.path()));
		assert!(config.check().is_ok());
		for bad in [given.path(), &folder.path().join("missing")] {
			let config = resolve(&["--scratch", bad.to_str().unwrap()]).unwrap();
			let error = config.check().unwrap_err();
			assert!(matches!(error, ConfigError::Scratch { .. }), "{error}");
		}
	}

	#[test]
	fn models_should_have_at_most_half_of_an_engine_process() {
		let bytes = |model_memory_mib, engine_memory_mib| {
			let config = Config {
				model_memory_mib,
				engine_memory_mib: Some(engine_memory_mib),
				..Config::default()
			};
			config.engine().model_bytes >> 20
		};
		assert_eq!([bytes(300, 0), bytes(300, 1000)], [300, 300]);
		assert_eq!([bytes(0, 1000), bytes(900, 1000)], [500, 500]);
	}

	#[test]
	fn check_should_refuse_weak_tokens_and_zeros() {
		for bad in [
			"",
			"short",
			"0123456789abcdef 0123456789abcdef",
			"0123456789abcdef\n0123456789abcdef",
		] {
			let file = file(bad);
			let config = Config {
				bearer_token_file: Some(file.path().into()),
				..Config::default()
			};
			assert!(
				matches!(config.check(), Err(ConfigError::BadToken { .. })),
				"{bad:?}"
			);
		}
		let config = Config {
			workers: 0,
			..Config::default()
		};
		assert!(matches!(
			config.check(),
			Err(ConfigError::Zero { option: "workers" })
		));
	}
}
