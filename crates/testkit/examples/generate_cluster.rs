//! Writes a made-up cluster and requests: the same bytes for the same number, on every machine.
//!
//! ```sh
//! cargo run --release -p rolecall-testkit --example generate_cluster -- 10000 /tmp/cluster
//! ```
//!
//! It writes `policy.yaml` as `kubectl get -o yaml` prints it, and 20,000 access reviews, a line each, in
//! `requests.jsonl`.

use std::{
    env,
    error::Error,
    fs::{self, File},
    io::{BufWriter, Write},
    path::PathBuf,
};

use rolecall_testkit::{Cluster, Traffic, YamlLayout};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().collect();
    let [_, bindings, folder] = arguments.as_slice() else {
        return Err("two arguments are needed: how many bindings, and a folder".into());
    };
    let cluster = Cluster::new(bindings.parse()?);
    let folder = PathBuf::from(folder);
    fs::create_dir_all(&folder)?;
    cluster.write_yaml(YamlLayout::Documents, File::create(folder.join("policy.yaml"))?)?;
    let mut output = BufWriter::new(File::create(folder.join("requests.jsonl"))?);
    for asked in cluster.requests(Traffic::default()).take(20_000) {
        asked.write_review(&mut output)?;
    }
    output.flush()?;
    Ok(())
}
