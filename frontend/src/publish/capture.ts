/** Camera and microphone of this device, and the way of their frames into the worker. */

import worklet from "./capture-worklet.ts?worker&url";
import { type ProblemCode, type ToWorker, trackProcessor } from "./messages";

/** Why a device cannot be had; `code` is one of the problem codes. */
export class CaptureError extends Error {
  constructor(readonly code: ProblemCode) {
    super(code);
  }
}

export interface Choice {
  cameraId?: string;
  microphoneId?: string;
}

/** What this browser lacks, or null. */
export function obstacle(): ProblemCode | null {
  if (!window.isSecureContext) return "insecure";
  const needed = ["VideoEncoder", "AudioEncoder", "VideoFrame", "AudioData", "OffscreenCanvas"];
  const complete = needed.every((name) => name in window) && "mediaDevices" in navigator;
  return complete ? null : "unsupported";
}

/** The camera, and the microphone when there is one that may be used. */
export async function openDevices(choice: Choice): Promise<MediaStream> {
  const video: MediaTrackConstraints = {
    width: { ideal: 1280 },
    height: { ideal: 720 },
    frameRate: { ideal: 30, max: 30 },
    ...(choice.cameraId ? { deviceId: { exact: choice.cameraId } } : { facingMode: "user" }),
  };
  const audio: MediaTrackConstraints = {
    channelCount: { ideal: 1 },
    sampleRate: { ideal: 48_000 },
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
    ...(choice.microphoneId ? { deviceId: { exact: choice.microphoneId } } : {}),
  };
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio });
  } catch (both) {
    // A camera without a microphone is still a show; a microphone without a camera is not.
    try {
      return await navigator.mediaDevices.getUserMedia({ video });
    } catch {
      throw new CaptureError(codeOf(both));
    }
  }
}

function codeOf(error: unknown): ProblemCode {
  switch (error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "permission";
    case "NotReadableError":
    case "AbortError":
      return "device-busy";
    default:
      return "no-camera";
  }
}

/** Leads both tracks into the worker until it is closed. */
export class Feed {
  #video: HTMLVideoElement | null = null;
  #audio: AudioContext | null = null;
  #copies: MediaStreamTrack[] = [];

  constructor(
    stream: MediaStream,
    private readonly send: (message: ToWorker, transfer: Transferable[]) => void,
  ) {
    const camera = stream.getVideoTracks()[0]!;
    const microphone = stream.getAudioTracks()[0];
    if (!this.#sendFrames(camera) && !this.#sendTrack(camera)) this.#drawFrames(camera);
    if (!microphone) this.send({ t: "audio", readable: null }, []);
    else if (!this.#sendSamples(microphone)) void this.#playSamples(microphone);
  }

  close(): void {
    this.#video?.pause();
    this.#video = null;
    void this.#audio?.close().catch(() => undefined);
    for (const track of this.#copies) track.stop();
  }

  #sendFrames(track: MediaStreamTrack): boolean {
    const Processor = trackProcessor();
    if (!Processor) return false;
    const { readable } = new Processor<VideoFrame>({ track });
    this.send({ t: "video", readable }, [readable]);
    return true;
  }

  #sendTrack(track: MediaStreamTrack): boolean {
    const copy = track.clone();
    try {
      this.send({ t: "video", track: copy }, [copy as unknown as Transferable]);
      return true;
    } catch {
      copy.stop();
      return false;
    }
  }

  #drawFrames(track: MediaStreamTrack): void {
    const video = document.createElement("video");
    video.muted = true;
    video.playsInline = true;
    video.srcObject = new MediaStream([track]);
    const next = (_: number, { mediaTime, captureTime }: VideoFrameCallbackMetadata) => {
      if (this.#video !== video) return;
      const milliseconds = captureTime ?? mediaTime * 1000;
      const frame = new VideoFrame(video, { timestamp: Math.round(milliseconds * 1000) });
      this.send({ t: "frame", frame }, [frame]);
      video.requestVideoFrameCallback(next);
    };
    this.#video = video;
    video.requestVideoFrameCallback(next);
    void video.play().catch(() => undefined);
  }

  #sendSamples(track: MediaStreamTrack): boolean {
    const Processor = trackProcessor();
    if (!Processor) return false;
    try {
      // The default buffer loses seconds of sound on a busy machine.
      const { readable } = new Processor<AudioData>({ track, maxBufferSize: 100 });
      this.send({ t: "audio", readable }, [readable]);
      return true;
    } catch {
      return false;
    }
  }

  async #playSamples(track: MediaStreamTrack): Promise<void> {
    const context = new AudioContext();
    this.#audio = context;
    try {
      await context.audioWorklet.addModule(worklet);
    } catch {
      this.send({ t: "audio", readable: null }, []);
      return;
    }
    const node = new AudioWorkletNode(context, "liveshop-capture", { numberOfOutputs: 1 });
    node.port.onmessage = ({ data }) => {
      const { planes, sampleRate, timestamp } = data;
      const buffers = planes.map(({ buffer }: Float32Array) => buffer);
      this.send({ t: "samples", planes, sampleRate, timestamp }, buffers);
    };
    // Connected to the end, because an unconnected node is not run; its output stays silent.
    context.createMediaStreamSource(new MediaStream([track])).connect(node).connect(context.destination);
    await context.resume().catch(() => undefined);
  }
}
