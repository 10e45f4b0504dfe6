/** A frame that the zstd program made (1.5.4, -19 --check), for what its blocks have that hand-made ones do not. */
import { Random } from './random.js';

const WORDS = ['erofs ', 'layer ', 'chunk ', 'index ', 'registry ', 'blob ', 'tar\n', 'zstd '];
const random = new Random(7);

export const REAL_TEXT = Buffer.from(Array.from({ length: 400 }, () => WORDS[random.below(8)]).join(''));

export const REAL_FRAME = Buffer.from(
  [
    'KLUv/QRo5QsAxAJlcm9mcyB6c3RkIGJsb2IgcmVnaXN0cnkgaW5kZXhsYXllcmNodW5rdGFyCoC3qNGntH8GIEKilMrqESQs',
    'IqCYMkrARDBomjVQ+zltQvkPU56f5VkowjhyU52KoUIhJ070aSnzMZkqaTE/aeh89ip6OuXdQe/0Lwp3Hgfi7MViYaJKO1+L',
    'dz9Rmf7UTLuu1JkgVrvDnYBfqkTpZIurCMMs5uaGAJz8wZQTGy5370Z+Fs1hp42cUJU5Hn3CPlVkNgw3zxMrqOqhvXXQ3qaZ',
    'vHJbhpjAIsszDztnGI1LkVPYQOzuV3gU6FfQaNbwLduZNjJZi6sSR2M0bSY7Q2vBxK+HSOK2sOnVw8oJ1b82xu9aAvfNQuUA',
    'ofs0i4JFXaTdb6N3T0JrLoZqAFA63SFHK3jpbNciD+VPknJSQ8FKViPyYj0ClT06eo1uYnzm4qesg0Bd0RvDr2F5p/Arr3iI',
    'Q6uRW37ThbeK6Q75xTPPCdqodjI5uIN/QKoIVw1JvZQN',
  ].join(''),
  'base64',
);
