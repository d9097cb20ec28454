//! Validators publish their addresses in the network's DHT, signed by a key of their session, and look up each
//! other's, so that they have each other as peers without a list of boot nodes.

use futures::StreamExt;
use inference_runtime::opaque::Block;
use prometheus::Registry;
use sc_authority_discovery::{AuthorityDiscovery, Role, WorkerConfig};
use sc_network::{
	config::NetworkConfiguration, service::traits::NetworkService, Event, NetworkEventStream as _,
};
use sc_service::SpawnTaskHandle;
use sp_keystore::KeystorePtr;
use std::sync::Arc;

/// Spawns the task of a validator.
pub fn start<Client>(
	config: WorkerConfig,
	client: Arc<Client>,
	network: Arc<dyn NetworkService>,
	keystore: KeystorePtr,
	registry: Option<Registry>,
	spawner: &SpawnTaskHandle,
) where
	Client: AuthorityDiscovery<Block> + Send + Sync + 'static,
{
	let events = network
		.event_stream("authority-discovery")
		.filter_map(|event| async move {
			match event {
				Event::Dht(event) => Some(event),
				_ => None,
			}
		});
	let (worker, _service) = sc_authority_discovery::new_worker_and_service_with_config(
		config,
		client,
		Arc::new(network),
		Box::pin(events),
		Role::PublishAndDiscover(keystore),
		registry,
		spawner.clone(),
	);
	spawner.spawn("authority-discovery", Some("networking"), worker.run());
}

/// Addresses of this machine's own networks are published on chains that are for one machine or one network only.
pub fn config(network: &NetworkConfiguration, is_live: bool) -> WorkerConfig {
	WorkerConfig {
		publish_non_global_ips: !is_live,
		public_addresses: network.public_addresses.clone(),
		// No node of ours publishes records that its network key did not sign.
		strict_record_validation: true,
		persisted_cache_directory: network.net_config_path.clone(),
		..WorkerConfig::default()
	}
}
