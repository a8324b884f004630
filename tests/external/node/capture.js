// Captures frames from a running framecap and prints what it is told, one JSON object a line.
//
// usage: node capture.js ADDRESS OUT_DIR REQUEST
//
// REQUEST is a CaptureFramesRequest as JSON. Images are put together from their parts, held
// against their size and SHA-256, and written to OUT_DIR. FRAMECAP_PROTO_PATH has the folders of
// the proto files, separated by `:`. Exits with 1 when the call fails, after a line saying how.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const [address, outDir, request] = process.argv.slice(2);

const definition = protoLoader.loadSync('framecap/v1/snapshot_service.proto', {
  includeDirs: process.env.FRAMECAP_PROTO_PATH.split(':'),
  longs: String,
  enums: String,
  oneofs: true,
  defaults: true,
});
const { SnapshotService } = grpc.loadPackageDefinition(definition).framecap.v1;

function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

// Nanoseconds as text: media time is exact, and a JSON number may not be.
function nanoseconds({ seconds, nanos }) {
  return String(BigInt(seconds) * 1_000_000_000n + BigInt(nanos));
}

// Puts the bytes of one image together as its events come.
class Image {
  constructor(frame) {
    this.frame = frame;
    this.parts = [];
    this.size = 0;
    this.add(frame.data);
  }

  add(data) {
    this.parts.push(data);
    this.size += data.length;
  }

  get whole() {
    return this.size >= Number(this.frame.sizeBytes);
  }

  // Writes the image and says what was found.
  finish() {
    const bytes = Buffer.concat(this.parts);
    const file = path.join(outDir, `${this.frame.index}.${this.frame.format.split('_').pop().toLowerCase()}`);
    fs.writeFileSync(file, bytes);
    say({
      image: {
        index: this.frame.index,
        pts: this.frame.pts,
        timeBase: this.frame.timeBase,
        mediaTime: nanoseconds(this.frame.mediaTime),
        requestedTime: nanoseconds(this.frame.requestedTime),
        keyframe: this.frame.keyframe,
        width: this.frame.width,
        height: this.frame.height,
        parts: this.parts.length,
        largestPart: Math.max(...this.parts.map((part) => part.length)),
        sizeMatches: bytes.length === Number(this.frame.sizeBytes),
        sha256Matches:
          crypto.createHash('sha256').update(bytes).digest('hex') === this.frame.sha256,
        file,
      },
    });
  }
}

const client = new SnapshotService(address, grpc.credentials.createInsecure());
const deadline = new Date(Date.now() + 60_000);
const call = client.captureFrames(JSON.parse(request), { deadline });
const sequence = [];
let image = null;

call.on('data', ({ event }) => {
  sequence.push(Number(event.sequence));
  if (image !== null && event.event !== 'chunk') {
    throw new Error(`${event.event} came before image ${image.frame.index} was whole`);
  }
  if (event.event === 'frame') {
    image = new Image(event.frame);
  } else if (event.event === 'chunk') {
    const { index, offset, data } = event.chunk;
    if (index !== image.frame.index || Number(offset) !== image.size) {
      throw new Error(`a chunk of image ${index} at ${offset} came out of turn`);
    }
    image.add(data);
  } else if (event.event === 'finished') {
    const { status, capturedCount } = event.finished;
    say({ finished: { code: status.code, message: status.message, capturedCount } });
  } else {
    say({ [event.event]: true });
  }
  if (image !== null && image.whole) {
    image.finish();
    image = null;
  }
});

call.on('error', (error) => {
  say({ error: { code: grpc.status[error.code], details: error.details } });
  process.exitCode = 1;
});

call.on('status', () => {
  say({ sequence });
  client.close();
});
