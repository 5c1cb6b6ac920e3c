// main.rs - tokio's echo: a task for each connection, on the runtime of one thread.
// SPDX-License-Identifier: MIT
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn serve(mut stream: TcpStream, size: usize) -> std::io::Result<()> {
    let mut buffer = vec![0u8; size];
    stream.set_nodelay(true)?;
    loop {
        let count = stream.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..count]).await?;
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let size = std::env::args().nth(1).and_then(|word| word.parse().ok());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("port {}", listener.local_addr()?.port());
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(stream, size.unwrap_or(65536)));
    }
}
