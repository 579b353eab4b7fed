/** Entry of the publishing worker: brings the capture tracks to the broadcast on air. */

import { Broadcast } from "./broadcast";
import { type FromWorker, type ToWorker, trackProcessor } from "./messages";
import { Source } from "./source";

let broadcast: Broadcast | null = null;

const camera = new Source<VideoFrame>((frame, time) => {
  if (broadcast && !broadcast.ended) broadcast.takePicture(frame, time);
  else frame.close();
});
const microphone = new Source<AudioData>((samples, time) => {
  if (broadcast && !broadcast.ended) broadcast.takeSound(samples, time);
  else samples.close();
});

self.onmessage = ({ data }: MessageEvent<ToWorker>) => {
  switch (data.t) {
    case "video":
      void camera.follow(data.readable ?? framesOf(data.track!));
      break;
    case "frame":
      camera.take(data.frame);
      break;
    case "audio":
      void microphone.follow(data.readable);
      break;
    case "samples":
      microphone.take(audioData(data));
      break;
    case "start":
      if (!broadcast || broadcast.ended) broadcast = new Broadcast(data, tell);
      break;
    case "online":
      broadcast?.online();
      break;
    case "stop":
      void broadcast?.stop();
  }
};

/** Safari has the processor only in workers, and takes the track instead of its frames. */
function framesOf(track: MediaStreamTrack): ReadableStream<VideoFrame> {
  return new (trackProcessor()!)<VideoFrame>({ track }).readable;
}

function audioData({ planes, sampleRate, timestamp }: Extract<ToWorker, { t: "samples" }>): AudioData {
  const frames = planes[0]!.length;
  const data = new Float32Array(frames * planes.length);
  planes.forEach((plane, index) => data.set(plane, index * frames));
  return new AudioData({
    format: "f32-planar",
    sampleRate,
    numberOfChannels: planes.length,
    numberOfFrames: frames,
    timestamp: Math.round(timestamp),
    data,
  });
}

function tell(message: FromWorker): void {
  self.postMessage(message);
}
