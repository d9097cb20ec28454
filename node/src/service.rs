//! The node's parts and how they are joined.
//!
//! The SDK's runner of runtime offchain workers is not started: no pallet of ours has an
//! `offchain_worker` hook, and worker keys act through [`inference_node::worker`] on finalised state
//! (docs/decisions/0001-worker-acts-on-finality.md).

use crate::{authority_discovery, rpc};
use inference_node::{
	cli::WorkerArgs,
	client::{FullBackend, FullClient, FullPool, HostFunctions},
	compiled_runtimes,
	finality::FinalityReport,
	genesis,
	history::gap_bodies,
	worker,
};
use inference_runtime::{opaque::Block, Hash, RuntimeApi};
use sc_client_api::BlockBackend;
use sc_consensus::LongestChain;
use sc_consensus_babe::{BabeBlockImport, BabeLink, BabeWorkerHandle, SlotProportion};
use sc_consensus_grandpa::{GrandpaBlockImport, GrandpaPruningFilter, LinkHalf, SharedVoterState};
use sc_executor::{HeapAllocStrategy, WasmExecutor, DEFAULT_HEAP_ALLOC_STRATEGY};
use sc_network::NetworkBackend;
use sc_service::{
	config::ExecutorConfiguration, error::Error as ServiceError, BuildGenesisBlock,
	BuildNetworkParams, ChainType, Configuration, GenesisBlockBuilder, PartialComponents,
	SpawnTasksParams, TaskManager, WarpSyncConfig,
};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_blockchain::HeaderBackend;
use sp_consensus_babe::inherents::InherentDataProvider as SlotProvider;
use sp_inherents::CreateInherentDataProviders;
use sp_timestamp::InherentDataProvider as TimestampProvider;
use std::{path::Path, sync::Arc, time::Duration};

type FullSelectChain = LongestChain<FullBackend, Block>;
type FullGrandpaImport = GrandpaBlockImport<FullBackend, Block, FullClient, FullSelectChain>;
/// What a block's inherents are made of, and an imported block's are checked against.
type Inherents = Arc<
	dyn CreateInherentDataProviders<
		Block,
		(),
		InherentDataProviders = (SlotProvider, TimestampProvider, FinalityReport),
	>,
>;
type FullBabeImport =
	BabeBlockImport<Block, FullClient, FullGrandpaImport, Inherents, FullSelectChain>;

/// Blocks between justifications that are kept, beside those of each change of the authorities: how
/// old the finality is that a light client, a bridge among them, can be shown. A node that prunes
/// blocks keeps those that carry one.
const JUSTIFICATION_PERIOD: u32 = 16;
/// Expected time for a GRANDPA message to reach the network.
const GOSSIP_DURATION: Duration = Duration::from_millis(333);

/// The parts of consensus that a running node needs besides the common ones.
pub struct Consensus {
	block_import: FullBabeImport,
	babe_link: BabeLink<Block>,
	babe_handle: BabeWorkerHandle<Block>,
	grandpa_link: LinkHalf<Block, FullClient, FullSelectChain>,
	inherents: Inherents,
	telemetry: Option<Telemetry>,
}

/// The parts that subcommands share with a running node.
pub type Components = PartialComponents<
	FullClient,
	FullBackend,
	FullSelectChain,
	sc_consensus::DefaultImportQueue<Block>,
	FullPool,
	Consensus,
>;

/// The genesis block, computed only for a database that has none.
struct Genesis {
	spec: Box<dyn sc_service::ChainSpec>,
	commits_state: bool,
	backend: Arc<FullBackend>,
	executor: WasmExecutor<HostFunctions>,
}

impl BuildGenesisBlock<Block> for Genesis {
	type BlockImportOperation =
		<FullBackend as sc_client_api::Backend<Block>>::BlockImportOperation;

	fn build_genesis_block(self) -> sp_blockchain::Result<(Block, Self::BlockImportOperation)> {
		let storage = genesis::storage(self.spec.as_ref(), &self.executor)
			.map_err(sp_blockchain::Error::Storage)?;
		GenesisBlockBuilder::new_with_storage(
			storage,
			self.commits_state,
			self.backend,
			self.executor,
		)?
		.build_genesis_block()
	}
}

/// As `sc_service::new_wasm_executor`, which knows no folder for compiled runtimes.
fn executor(
	config: &ExecutorConfiguration,
	compiled_runtimes: Option<&Path>,
) -> Result<WasmExecutor<HostFunctions>, ServiceError> {
	let heap = config
		.default_heap_pages
		.map_or(DEFAULT_HEAP_ALLOC_STRATEGY, |pages| {
			HeapAllocStrategy::Static {
				extra_pages: pages as _,
			}
		});
	let mut builder = WasmExecutor::builder()
		.with_execution_method(config.wasm_method)
		.with_onchain_heap_alloc_strategy(heap)
		.with_offchain_heap_alloc_strategy(heap)
		.with_max_runtime_instances(config.max_runtime_instances)
		.with_runtime_cache_size(config.runtime_cache_size);
	if let Some(named) = compiled_runtimes {
		let folder = compiled_runtimes::prepare(named)
			.map_err(|error| ServiceError::Other(error.to_string()))?;
		builder = builder.with_cache_path(folder);
	}
	Ok(builder.build())
}

/// Builds database, client, pool and import queue. `compiled_runtimes` is the folder in which those are kept, if any.
pub fn new_partial(
	config: &Configuration,
	compiled_runtimes: Option<&Path>,
) -> Result<Components, ServiceError> {
	let telemetry = config
		.telemetry_endpoints
		.clone()
		.filter(|endpoints| !endpoints.is_empty())
		.map(|endpoints| -> Result<_, sc_telemetry::Error> {
			let worker = TelemetryWorker::new(16)?;
			let telemetry = worker.handle().new_telemetry(endpoints);
			Ok((worker, telemetry))
		})
		.transpose()?;

	let executor = executor(&config.executor, compiled_runtimes)?;
	let mut database = config.db_config();
	// Warp sync needs these blocks.
	database.pruning_filters = vec![Arc::new(GrandpaPruningFilter)];
	let backend = sc_service::new_db_backend(database)?;
	let genesis = Genesis {
		spec: config.chain_spec.cloned_box(),
		commits_state: !config.no_genesis(),
		backend: backend.clone(),
		executor: executor.clone(),
	};
	let (client, backend, keystore_container, task_manager) =
		sc_service::new_full_parts_with_genesis_builder::<Block, RuntimeApi, _, _>(
			config,
			telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
			executor,
			backend,
			genesis,
			false,
		)?;
	let client = Arc::new(client);

	let telemetry = telemetry.map(|(worker, telemetry)| {
		task_manager
			.spawn_handle()
			.spawn("telemetry", None, worker.run());
		telemetry
	});
	let telemetry_handle = || telemetry.as_ref().map(Telemetry::handle);

	let select_chain = LongestChain::new(backend.clone());
	let transaction_pool = Arc::new(
		sc_transaction_pool::Builder::new(
			task_manager.spawn_essential_handle(),
			client.clone(),
			config.role.is_authority().into(),
		)
		.with_options(config.transaction_pool.clone())
		.with_prometheus(config.prometheus_registry())
		.build(),
	);

	let (grandpa_import, grandpa_link) = sc_consensus_grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD,
		&client,
		select_chain.clone(),
		telemetry_handle(),
	)?;
	let justification_import = grandpa_import.clone();

	let babe_config = sc_consensus_babe::configuration(&*client)?;
	let slot_duration = babe_config.slot_duration();
	let finality = client.clone();
	let inherents: Inherents = Arc::new(move |_, ()| {
		let report = FinalityReport(finality.info().finalized_number);
		async move {
			let timestamp = TimestampProvider::from_system_time();
			let slot = SlotProvider::from_timestamp_and_slot_duration(*timestamp, slot_duration);
			Ok((slot, timestamp, report))
		}
	});
	let (block_import, babe_link) = sc_consensus_babe::block_import(
		babe_config,
		grandpa_import,
		client.clone(),
		inherents.clone(),
		select_chain.clone(),
		OffchainTransactionPoolFactory::new(transaction_pool.clone()),
	)?;
	let (import_queue, babe_handle) =
		sc_consensus_babe::import_queue(sc_consensus_babe::ImportQueueParams {
			link: babe_link.clone(),
			block_import: block_import.clone(),
			justification_import: Some(Box::new(justification_import)),
			client: client.clone(),
			slot_duration,
			spawner: &task_manager.spawn_essential_handle(),
			registry: config.prometheus_registry(),
			telemetry: telemetry_handle(),
		})?;

	Ok(PartialComponents {
		client,
		backend,
		task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: Consensus {
			block_import,
			babe_link,
			babe_handle,
			grandpa_link,
			inherents,
			telemetry,
		},
	})
}

/// The one network back end that is compiled in: the other's instance of everything below costs a
/// minute of each build (docs/BUILDING.md).
type Network = sc_network::Litep2pNetworkBackend;

/// Builds and starts a full node; an authority if the configuration says so.
pub fn new_full(
	config: Configuration,
	worker_args: WorkerArgs,
	compiled_runtimes: Option<&Path>,
) -> Result<TaskManager, ServiceError> {
	let PartialComponents {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other:
			Consensus {
				block_import,
				babe_link,
				babe_handle,
				grandpa_link,
				inherents,
				mut telemetry,
			},
	} = new_partial(&config, compiled_runtimes)?;
	let telemetry_handle = telemetry.as_ref().map(Telemetry::handle);
	let keystore = keystore_container.keystore();
	let registry = config.prometheus_registry().cloned();
	let worker_registry = registry.clone();
	let slot_duration = babe_link.config().slot_duration();

	// --- network ---
	let metrics =
		<Network as NetworkBackend<Block, Hash>>::register_notification_metrics(registry.as_ref());
	let mut net_config = sc_network::config::FullNetworkConfiguration::<_, _, Network>::new(
		&config.network,
		registry.clone(),
	);
	let genesis = client
		.block_hash(0)?
		.ok_or_else(|| ServiceError::Other("the database has no genesis block".into()))?;
	let grandpa_protocol =
		sc_consensus_grandpa::protocol_standard_name(&genesis, &config.chain_spec);
	let (grandpa_config, grandpa_notifications) =
		sc_consensus_grandpa::grandpa_peers_set_config::<Block, Network>(
			grandpa_protocol.clone(),
			metrics.clone(),
			net_config.peer_store_handle(),
		);
	net_config.add_notification_protocol(grandpa_config);
	let warp_sync = Arc::new(sc_consensus_grandpa::warp_proof::NetworkProvider::new(
		backend.clone(),
		grandpa_link.shared_authority_set().clone(),
		Vec::new(),
	));
	let (blocks, sync, chain) = (
		config.blocks_pruning,
		config.network.sync_mode,
		client.clone(),
	);
	let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
		sc_service::build_network(BuildNetworkParams {
			config: &config,
			net_config,
			client: client.clone(),
			transaction_pool: transaction_pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
			block_relay: None,
			metrics,
			// Asked when block sync begins, which after warp sync is when the gap is known.
			gap_sync_body_policy: Some(Arc::new(move || {
				Ok(gap_bodies(blocks, sync, &chain.info()))
			})),
		})?;

	// --- JSON-RPC ---
	let voter_state = SharedVoterState::empty();
	let rpc_builder = {
		let (client, pool, keystore) = (client.clone(), transaction_pool.clone(), keystore.clone());
		let select_chain = select_chain.clone();
		let chain_spec = config.chain_spec.cloned_box();
		let voter_state = voter_state.clone();
		let authority_set = grandpa_link.shared_authority_set().clone();
		let justifications = grandpa_link.justification_stream();
		let proofs = sc_consensus_grandpa::FinalityProofProvider::new_for_service(
			backend.clone(),
			Some(authority_set.clone()),
		);
		Box::new(move |executor| {
			rpc::create_full(rpc::FullDeps {
				client: client.clone(),
				pool: pool.clone(),
				select_chain: select_chain.clone(),
				chain_spec: chain_spec.cloned_box(),
				babe: rpc::BabeDeps {
					handle: babe_handle.clone(),
					keystore: keystore.clone(),
				},
				grandpa: rpc::GrandpaDeps {
					voter_state: voter_state.clone(),
					authority_set: authority_set.clone(),
					justifications: justifications.clone(),
					executor,
					proofs: proofs.clone(),
				},
			})
			.map_err(ServiceError::Application)
		})
	};

	let role = config.role;
	let force_authoring = config.force_authoring;
	let name = config.network.node_name.clone();
	let enable_grandpa = !config.disable_grandpa;
	let chain_type = config.chain_spec.chain_type();
	let discovery_config =
		authority_discovery::config(&config.network, chain_type == ChainType::Live);
	sc_service::spawn_tasks(SpawnTasksParams {
		config,
		client: client.clone(),
		backend: backend.clone(),
		task_manager: &mut task_manager,
		keystore: keystore.clone(),
		transaction_pool: transaction_pool.clone(),
		rpc_builder,
		network: network.clone(),
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync_service.clone(),
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;

	// --- block production ---
	if role.is_authority() {
		let proposer = sc_basic_authorship::ProposerFactory::new(
			task_manager.spawn_handle(),
			client.clone(),
			transaction_pool.clone(),
			registry.as_ref(),
			telemetry_handle.clone(),
		);
		let babe = sc_consensus_babe::start_babe(sc_consensus_babe::BabeParams {
			keystore: keystore.clone(),
			client: client.clone(),
			select_chain,
			env: proposer,
			block_import,
			sync_oracle: sync_service.clone(),
			justification_sync_link: sync_service.clone(),
			create_inherent_data_providers: inherents,
			force_authoring,
			// Blocks go on when finality lags: they carry the authors' reports of it, by which the
			// runtime stops the service clock (`pallet-network-parameters`).
			backoff_authoring_blocks: None::<()>,
			babe_link,
			block_proposal_slot_portion: SlotProportion::new(0.5),
			max_block_proposal_slot_portion: None,
			telemetry: telemetry_handle.clone(),
		})?;
		task_manager.spawn_essential_handle().spawn_blocking(
			"babe-proposer",
			Some("block-authoring"),
			babe,
		);
	}

	// --- validators' addresses ---
	if role.is_authority() {
		authority_discovery::start(
			discovery_config,
			client.clone(),
			network.clone(),
			keystore.clone(),
			registry.clone(),
			&task_manager.spawn_handle(),
		);
	}

	// --- finality ---
	if enable_grandpa {
		let voter = sc_consensus_grandpa::run_grandpa_voter(sc_consensus_grandpa::GrandpaParams {
			config: sc_consensus_grandpa::Config {
				gossip_duration: GOSSIP_DURATION,
				justification_generation_period: JUSTIFICATION_PERIOD,
				observer_enabled: false,
				local_role: role,
				name: Some(name),
				keystore: role.is_authority().then(|| keystore.clone()),
				telemetry: telemetry_handle.clone(),
				protocol_name: grandpa_protocol,
			},
			link: grandpa_link,
			network,
			sync: sync_service.clone(),
			notification_service: grandpa_notifications,
			voting_rule: sc_consensus_grandpa::VotingRulesBuilder::default().build(),
			prometheus_registry: registry,
			shared_voter_state: voter_state,
			telemetry: telemetry_handle,
			offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(transaction_pool.clone()),
		})?;
		task_manager
			.spawn_essential_handle()
			.spawn_blocking("grandpa-voter", None, voter);
	}

	// --- offchain worker ---
	worker::start(
		worker::Parts {
			client,
			pool: transaction_pool,
			keystore,
			sync: sync_service,
			slot_duration,
			registry: worker_registry,
		},
		worker_args,
		&chain_type,
		&task_manager.spawn_handle(),
	)
	.map_err(|error| ServiceError::Other(error.to_string()))?;
	Ok(task_manager)
}
