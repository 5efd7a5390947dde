//! Says who each profile is to STS: `caller PROFILE...` prints PROFILE, ACCOUNT and ARN.

use aws_config::BehaviorVersion;
use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args.first().is_some_and(|arg| arg == "--version") {
        println!("{}", locked_version("aws-config"));
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    args.iter().try_for_each(|profile| runtime.block_on(call(profile)))
}

async fn call(profile: &str) -> Result<(), Box<dyn Error>> {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .profile_name(profile)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .load()
        .await;
    let caller = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await?;
    let (account, arn) = (caller.account().unwrap_or("-"), caller.arn().unwrap_or("-"));
    println!("{profile}\t{account}\t{arn}");
    Ok(())
}

/// The crates do not tell their versions; the lock file that they were built from does.
fn locked_version(name: &str) -> &'static str {
    let mut lines = include_str!("../Cargo.lock").lines();
    lines.find(|line| *line == format!("name = \"{name}\""));
    lines.next().and_then(|line| line.split('"').nth(1)).unwrap_or("unknown")
}
