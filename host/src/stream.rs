//! A byte stream in both directions.

use crate::{
    fault::Fault,
    value::{Octets, uint8_array},
};
use rquickjs::{Class, Ctx, JsLifetime, Promise, Result, class::Trace};
use std::rc::Rc;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf},
    sync::{Mutex, Notify},
};

/// A socket, with or without TLS around it.
pub trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}
pub type BoxIo = Box<dyn Io>;

#[derive(Trace, JsLifetime)]
#[rquickjs::class]
pub struct Connection {
    #[qjs(skip_trace)]
    reader: Rc<Mutex<Option<ReadHalf<BoxIo>>>>,
    #[qjs(skip_trace)]
    writer: Rc<Mutex<Option<WriteHalf<BoxIo>>>>,
    #[qjs(skip_trace)]
    closed: Rc<Notify>,
}

impl Connection {
    pub fn instance<'js>(ctx: &Ctx<'js>, io: BoxIo) -> Result<Class<'js, Connection>> {
        let (reader, writer) = tokio::io::split(io);
        let connection = Connection {
            reader: Rc::new(Mutex::new(Some(reader))),
            writer: Rc::new(Mutex::new(Some(writer))),
            closed: Rc::default(),
        };
        Class::instance(ctx.clone(), connection)
    }
}

#[rquickjs::methods]
impl Connection {
    /// What arrives next; empty at the end.
    fn read<'js>(&self, ctx: Ctx<'js>) -> Result<Promise<'js>> {
        let (reader, closed, inner) = (self.reader.clone(), self.closed.clone(), ctx.clone());
        Promise::wrap_future(&ctx, async move {
            let mut reader = reader.lock().await;
            let Some(open) = reader.as_mut() else {
                return uint8_array(&inner, Vec::new());
            };
            let mut buffer = vec![0; 16 * 1024];
            let read = tokio::select! {
                biased;
                () = closed.notified() => None,
                read = open.read(&mut buffer) => Some(read),
            };
            match read {
                None => {
                    *reader = None;
                    uint8_array(&inner, Vec::new())
                }
                Some(Ok(count)) => {
                    buffer.truncate(count);
                    uint8_array(&inner, buffer)
                }
                // TLS peers often leave without a goodbye.
                Some(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                    uint8_array(&inner, Vec::new())
                }
                Some(Err(error)) => Err(Fault::from(error).throw(&inner)),
            }
        })
    }

    /// Resolves when the bytes are on their way.
    fn write<'js>(&self, ctx: Ctx<'js>, bytes: Octets) -> Result<Promise<'js>> {
        let (writer, inner) = (self.writer.clone(), ctx.clone());
        Promise::wrap_future(&ctx, async move {
            let mut writer = writer.lock().await;
            let Some(open) = writer.as_mut() else {
                return Err(Fault::new("EPIPE", "the connection is closed").throw(&inner));
            };
            let written = async {
                open.write_all(&bytes.0).await?;
                open.flush().await
            };
            written.await.map_err(|error| Fault::from(error).throw(&inner))
        })
    }

    /// Ends it in both directions; a waiting `read` sees the end.
    fn close<'js>(&self, ctx: Ctx<'js>) -> Result<Promise<'js>> {
        let (reader, writer, closed) = (self.reader.clone(), self.writer.clone(), self.closed.clone());
        Promise::wrap_future(&ctx, async move {
            if let Some(mut open) = writer.lock().await.take() {
                // The other side may have gone already.
                let _ = open.shutdown().await;
            }
            closed.notify_one();
            reader.lock().await.take();
            Ok::<_, rquickjs::Error>(())
        })
    }
}
